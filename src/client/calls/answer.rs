//! An answer as it came, before anything of it is believed.

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::clock::{date, http_date};
use super::{INVALID_TOKEN, VERIFICATION_FAILED};
use crate::client::wire::{WireCreated, WireError, WireGrant, WireKeyAnswer, WirePage};
use crate::client::{ApiError, Creation, Cursor, Page, Redirect, TransportError, web_page};
use crate::domain::redact;
use crate::domain::{AccessKey, Grant, SealKey, SealedSecret, SecretKey, Untrusted};

/// The path below a base URL.
const API: &str = "/api/v2";

/// The status, the headers and the body of an answer. What it says is understood here, for every call.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// What was asked.
    pub url: Url,
    /// The body; it may hold a secret. None if it is larger than any answer of the call.
    pub body: Option<Zeroizing<Vec<u8>>>,
}

impl Answer {
    /// Takes an answer to its end, or as far as `limit`.
    pub(crate) async fn of(mut response: Response, limit: usize) -> Result<Self, ApiError> {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Ok(Self { status, headers, url, body: None });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, url, body: Some(body) })
    }

    pub fn page(&self, place: &Cursor) -> Result<Page, ApiError> {
        self.read::<WirePage>()?.into_page(place)
    }

    pub fn key(&self) -> Result<AccessKey, ApiError> {
        self.read::<WireKeyAnswer>()?.key.into_key()
    }

    /// What came of creating a key, whose secret may be sealed. One that can't be opened is of no use.
    pub fn creation(&self, seal_key: Option<&SealKey>) -> Result<Creation, ApiError> {
        let created: WireCreated = self.read()?;
        let key = created.key.into_key()?;
        let open = || seal_key?.open(&SealedSecret::parse(&created.sealed_secret?)?, &key.id);
        let secret = match created.secret_access_key {
            Some(secret) => Some(SecretKey::foreign_locked(secret.expose_secret())),
            None => open(),
        };
        Ok(match secret {
            Some(secret) => Creation::New(key, secret),
            None => Creation::Replayed(key),
        })
    }

    pub fn grant(&self) -> Result<Grant, ApiError> {
        self.read::<WireGrant>()?.into_grant()
    }

    /// The server's clock, in whole seconds.
    pub fn date(&self) -> Option<DateTime<Utc>> {
        date(&self.headers)
    }

    /// Understands a good answer. The parser's own error is dropped: it may quote the value that it stumbled over.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        let status = self.status.as_u16();
        let body = self.body.as_ref().ok_or(ApiError::Garbled(status, "it is too large"))?;
        serde_json::from_slice(body).map_err(|_| match web_page::title(&self.headers, body) {
            Some(title) => ApiError::WebPage(status, title),
            // Some servers refuse with 200.
            None => match serde_json::from_slice::<WireError>(body) {
                Ok(error) if error.is_failure => refused(self.status, &error),
                _ => ApiError::Garbled(status, "it is not the JSON of this call"),
            },
        })
    }

    /// Why there is no good answer, in the server's words where it has some.
    pub fn refusal(&self) -> ApiError {
        let status = self.status;
        let Some(body) = &self.body else {
            // Too large for an error of the API: pages are.
            let garbled = ApiError::Garbled(status.as_u16(), "it is too large");
            return web_page::title(&self.headers, b"")
                .map_or(garbled, |page| ApiError::WebPage(status.as_u16(), page));
        };
        let (words, code, key) = match serde_json::from_slice::<WireError>(body) {
            // What is refused may be repeated in the words: a secret among them.
            Ok(error) => (Untrusted::new(&redact(error.message.trim_end_matches('.'))), error.code, error.key),
            Err(_) if status.is_redirection() => return ApiError::SentElsewhere(status.as_u16(), self.redirect()),
            Err(_) => match web_page::title(&self.headers, body) {
                Some(title) => return ApiError::WebPage(status.as_u16(), title),
                None => (Untrusted::new(status.canonical_reason().unwrap_or("no reason given")), None, None),
            },
        };
        match status {
            StatusCode::UNAUTHORIZED if code == Some(VERIFICATION_FAILED) => ApiError::Verification,
            StatusCode::UNAUTHORIZED => ApiError::NotSignedIn(words),
            StatusCode::FORBIDDEN => ApiError::NotAllowed(words),
            StatusCode::TOO_MANY_REQUESTS => ApiError::TooMany { retry_after: self.retry_after(), words },
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => TransportError::ProxyPasswordRequired.into(),
            StatusCode::NOT_FOUND => ApiError::NotFound(words),
            StatusCode::PRECONDITION_FAILED => ApiError::Changed(key.map(Box::new)),
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => ApiError::Conflict(status.as_u16(), words),
            s if s.is_client_error() => ApiError::Refused(s.as_u16(), words),
            s if s.is_server_error() => ApiError::Server { status: s.as_u16(), words, retry_after: self.retry_after() },
            s => ApiError::Garbled(s.as_u16(), "it is neither an answer nor an error"),
        }
    }
}

impl Answer {
    /// The seconds until the call may succeed (`Retry-After`, RFC 9110, section 10.2.3): as a number, or as a time by the
    /// server's clock.
    fn retry_after(&self) -> Option<u64> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        text.parse().ok().or_else(|| {
            let wait = http_date(text)? - self.date().unwrap_or_else(Utc::now);
            Some(wait.num_seconds().try_into().unwrap_or(0).max(1))
        })
    }

    /// Where the answer is said to be. A query may hold a credential of a sign-in page, a user's part a password: both
    /// are left out.
    fn redirect(&self) -> Option<Redirect> {
        let mut to = self.url.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()?;
        let _ = (to.set_username(""), to.set_password(None));
        to.set_query(None);
        to.set_fragment(None);
        // The same call below another base.
        let base = to.as_str().strip_suffix(self.url.path()).or_else(|| {
            let call = self.url.path().find(API)?;
            to.as_str().strip_suffix(&self.url.path()[call..])
        });
        let is_new = base.is_some_and(|base| !self.url.as_str().starts_with(&format!("{base}{API}")));
        let base = base.filter(|_| is_new).map(Untrusted::new);
        Some(Redirect { to: Untrusted::new(&redact(to.as_str())), base })
    }
}

/// A refusal whose status is not one of an error.
fn refused(status: StatusCode, error: &WireError) -> ApiError {
    let words = Untrusted::new(&redact(error.message.trim_end_matches('.')));
    match error.code {
        Some(VERIFICATION_FAILED) => ApiError::Verification,
        Some(INVALID_TOKEN) => ApiError::NotSignedIn(words),
        _ => ApiError::Refused(status.as_u16(), words),
    }
}
