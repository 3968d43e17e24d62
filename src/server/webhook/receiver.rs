//! The receiver of messages: one POST each.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{StatusCode, redirect};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use super::secret::Secrets;
use super::{WebhookError, WebhookSetup, messages};

/// How long a receiver may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// The longest pause that a receiver may ask for.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// Where messages go, with the secret that they are signed with.
pub struct Receiver {
    url: Url,
    /// Host and port: the rest of the URL may hold a token.
    pub host: String,
    secrets: Secrets,
    pub(super) secret_file: PathBuf,
    /// Whether the file of the secret was made now.
    pub is_new: bool,
    http: reqwest::Client,
    /// Whether it has said that it wants no more messages.
    is_gone: AtomicBool,
}

/// What a receiver said to a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted(StatusCode),
    /// It wants no more messages.
    Gone,
    /// Why it was not accepted, and the pause that it asks for.
    Refused(String, Option<Duration>),
}

impl Receiver {
    /// Checks the settings, and makes the secret if there is none.
    pub fn open(setup: &WebhookSetup) -> Result<Self, WebhookError> {
        let url = Url::parse(setup.url.trim()).map_err(|error| WebhookError::Url(error.to_string()))?;
        let is_near = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(WebhookError::Url("it has no host".to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookError::Userinfo);
        }
        let is_https = url.scheme() == "https";
        let is_allowed = is_https || (is_near && url.scheme() == "http");
        if !is_allowed {
            return Err(WebhookError::Plain);
        }
        let roots = if is_https { roots(setup.authorities.as_deref())? } else { RootCertStore::empty() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| WebhookError::Url(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0);
        let http = if is_near { client.no_proxy() } else { client }.build()?;
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let (secrets, is_new) = Secrets::open(&setup.secret_file)?;
        let (secret_file, is_gone) = (setup.secret_file.clone(), AtomicBool::new(false));
        Ok(Self { url, host, secrets, secret_file, is_new, http, is_gone })
    }

    /// Whether it has said that it wants no more messages.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    /// Sends a message of the type `test`.
    pub async fn test(&self, now: DateTime<Utc>) -> Answer {
        let (id, body) = messages::test(now);
        self.send(&id, &body, now).await
    }

    /// Sends a message that is signed now.
    pub(super) async fn send(&self, id: &str, body: &str, now: DateTime<Utc>) -> Answer {
        let timestamp = now.timestamp();
        let call = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.secrets.signatures(id, timestamp, body))
            .body(body.to_owned());
        let response = match call.send().await {
            Ok(response) => response,
            Err(error) => return Answer::Refused(cause(&error), None),
        };
        let status = response.status();
        if status.is_success() {
            return Answer::Accepted(status);
        }
        if status == StatusCode::GONE {
            self.is_gone.store(true, Ordering::Relaxed);
            return Answer::Gone;
        }
        let why = if status.is_redirection() {
            format!("it answered {status}, and redirects are not followed")
        } else {
            format!("it answered {status}")
        };
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| pause(value.to_str().ok()?, now));
        Answer::Refused(why, wait)
    }
}

/// Why there is no answer, without the URL: the outer errors name it.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", PATIENCE.as_secs());
    }
    let mut words = "no answer".to_owned();
    let mut next = error.source();
    while let Some(inner) = next {
        words = match inner.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidMessage(_)) => return "it doesn't speak TLS".to_owned(),
            Some(rustls::Error::InvalidCertificate(why)) => return format!("its certificate isn't trusted ({why})"),
            _ => inner.to_string(),
        };
        next = inner.source();
    }
    // The system's words, without its number for them.
    words.split(" (os error").next().unwrap_or_default().to_owned()
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, WebhookError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authorities else {
        let added = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs).0;
        return if added == 0 { Err(WebhookError::NoAuthorities) } else { Ok(roots) };
    };
    let bytes = fs::read(path).map_err(|source| WebhookError::Authorities { path: path.to_owned(), source })?;
    let found = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok);
    if roots.add_parsable_certificates(found).0 == 0 {
        return Err(WebhookError::NoCertificate(path.to_owned()));
    }
    Ok(roots)
}

/// The pause that a `Retry-After` asks for: in seconds, or until a date (RFC 9110, section 10.2.3).
fn pause(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let seconds = value.parse::<u64>().ok().or_else(|| {
        let until = DateTime::parse_from_rfc2822(value).ok()?;
        Some(until.signed_duration_since(now).num_seconds().max(0).unsigned_abs())
    })?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_in_seconds_or_until_a_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z").unwrap().to_utc();
        for (value, seconds) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999", Some(LONGEST_WAIT)),
            ("Fri, 06 Nov 2093 08:49:37 GMT", Some(LONGEST_WAIT)),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(pause(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn a_url_that_would_give_something_away_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let open = |url: &str| {
            let secret_file = folder.path().join("webhook.secret");
            Receiver::open(&WebhookSetup { url: url.to_owned(), secret_file, authorities: None })
        };
        for (url, says) in [
            ("http://hooks.example.com/x?geheim", "must begin with https://"),
            ("ftp://localhost/geheim", "must begin with https://"),
            ("https://jo:geheim@hooks.example.com", "user name or password"),
            ("https://geheim@hooks.example.com", "user name or password"),
            ("geheim", "isn't valid"),
            ("https://:80/geheim", "isn't valid"),
        ] {
            let said = open(url).map(|_| ()).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("geheim"), "{url}: {said}");
            assert!(!folder.path().join("webhook.secret").exists(), "no secret is made for nothing");
        }
        for url in ["http://localhost:8080/x?geheim", "http://127.0.0.1/x", "http://[::1]/x"] {
            let receiver = open(url).unwrap();
            assert!(!receiver.host.contains("geheim") && url.contains(&receiver.host), "{}", receiver.host);
        }
    }
}
