//! The way to a server: TLS, certificates, proxies, patience. One sentence for each thing that may be wrong with it.

mod blame;
mod error;
mod identity;
mod no_proxy;
mod proxy;
mod roots;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use reqwest::header::{HOST, HeaderValue};
use reqwest::{ClientBuilder, redirect};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

pub(crate) use blame::blame;
pub use error::TransportError;
use identity::ClientCertificate;
pub use proxy::{Proxy, ProxyRoute, ProxyUrl};

use super::{ApiError, ConnectionSettings, Target};

/// Looks up a variable of the environment.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Names the TLS provider of the whole process; a second call does nothing. Our own clients do not need it:
/// anything else that speaks TLS does.
pub fn install_tls() {
    // It fails when one is installed already: that is what is wanted.
    let _ = ring::default_provider().install_default();
}

fn of_environment(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// How calls get to a server.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    /// The proxy in between, to be named if it is to blame.
    proxy: Option<String>,
    certificate: Arc<ClientCertificate>,
}

impl Transport {
    /// The way that a connection names. Reads certificates only where TLS is spoken.
    pub(crate) fn new(connection: &ConnectionSettings) -> Result<Self, ApiError> {
        let (mut proxy, mut certificate) = (None, Arc::default());
        let builder = match &connection.target {
            Target::Socket(path) => plain()?.unix_socket(path.as_path()),
            Target::Url(base) if base.is_loopback() && !base.is_https() => plain()?,
            Target::Url(base) => {
                certificate = Arc::new(identity::read(connection)?);
                let tls = tls(connection, &certificate, &of_environment)?;
                let builder = with_tls(reqwest::Client::builder(), tls).no_proxy();
                if let Some(to) = connection.connect_to {
                    let host = HeaderValue::from_str(base.host_for_screen()).map_err(|_| {
                        ApiError::NotStarted("The base URL has a host that is not allowed in a header.".into())
                    })?;
                    let builder = builder.default_headers([(HOST, host)].into_iter().collect());
                    builder.resolve(base.name().trim_matches(['[', ']']), to)
                } else {
                    match connection.proxy.route(base, &of_environment)? {
                        Some((through, shown)) => {
                            proxy = Some(shown);
                            builder.proxy(through)
                        }
                        None => builder,
                    }
                }
            }
        };
        let builder = builder.connect_timeout(connection.connect_timeout).timeout(connection.timeout);
        let builder = builder.redirect(redirect::Policy::none());
        let http = builder.pool_idle_timeout(None).build()?; // no timer that would wake an idle program
        Ok(Self { http, proxy, certificate })
    }

    /// The way to a socket, with the usual patience.
    pub(crate) fn to_socket(socket: &Path) -> Result<Self, ApiError> {
        Self::new(&ConnectionSettings::new(Target::Socket(socket.to_owned())))
    }

    /// Why a call failed.
    pub(crate) fn blame(&self, error: &reqwest::Error) -> ApiError {
        blame(error, Some(self))
    }
}

/// No TLS, no proxy, no file is read. Without a configuration reqwest would read the system's certificates.
fn plain() -> Result<ClientBuilder, ApiError> {
    let nobody = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::Tls(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(with_tls(reqwest::Client::builder(), nobody).no_proxy())
}

fn with_tls(builder: ClientBuilder, mut tls: ClientConfig) -> ClientBuilder {
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    builder.tls_backend_preconfigured(tls).tls_info(true) // for the times of the server's certificate
}

fn tls(
    connection: &ConnectionSettings,
    certificate: &Arc<ClientCertificate>,
    lookup: Lookup<'_>,
) -> Result<ClientConfig, TransportError> {
    let words = |error: &dyn std::error::Error| TransportError::Tls(error.to_string());
    let roots = Arc::new(roots::roots(connection, lookup)?);
    let verifier =
        WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(|error| words(&error))?;
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| words(&error))?
        .with_webpki_verifier(verifier)
        .with_client_cert_resolver(certificate.clone()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
