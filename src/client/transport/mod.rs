//! The way to a server: TLS, certificates, proxies, patience. One sentence for each thing that may be wrong with it.

mod blame;
mod error;
mod identity;
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

/// The HTTP client for a connection, and the proxy that it uses. Reads certificates only where TLS is spoken.
pub(crate) fn http(connection: &ConnectionSettings) -> Result<(reqwest::Client, Option<String>), ApiError> {
    let mut through = None;
    let builder = match &connection.target {
        Target::Socket(path) => plain()?.unix_socket(path.as_path()),
        Target::Url(base) if base.is_loopback() && !base.is_https() => plain()?,
        Target::Url(base) => {
            let builder = with_tls(reqwest::Client::builder(), tls(connection, &of_environment)?).no_proxy();
            if let Some(to) = connection.connect_to {
                let host = HeaderValue::from_str(base.host_for_screen()).map_err(|_| {
                    ApiError::NotStarted("The base URL has a host that is not allowed in a header.".into())
                })?;
                let builder = builder.default_headers([(HOST, host)].into_iter().collect());
                let builder = builder.resolve(base.name().trim_matches(['[', ']']), to);
                return Ok((finish(patient(builder, connection))?, None));
            }
            match connection.proxy.route(base, &of_environment)? {
                Some((proxy, shown)) => {
                    through = Some(shown);
                    builder.proxy(proxy)
                }
                None => builder,
            }
        }
    };
    Ok((finish(patient(builder, connection))?, through))
}

/// The HTTP client for a socket, with the usual patience.
pub(crate) fn http_on_socket(socket: &Path) -> Result<reqwest::Client, ApiError> {
    Ok(http(&ConnectionSettings::new(Target::Socket(socket.to_owned())))?.0)
}

fn patient(builder: ClientBuilder, connection: &ConnectionSettings) -> ClientBuilder {
    builder.connect_timeout(connection.connect_timeout).timeout(connection.timeout)
}

fn finish(builder: ClientBuilder) -> Result<reqwest::Client, ApiError> {
    let builder = builder.redirect(redirect::Policy::none());
    Ok(builder.pool_idle_timeout(None).build()?) // no timer that would wake an idle program
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
    builder.tls_backend_preconfigured(tls)
}

fn tls(connection: &ConnectionSettings, lookup: Lookup<'_>) -> Result<ClientConfig, TransportError> {
    let words = |error: &dyn std::error::Error| TransportError::Tls(error.to_string());
    let roots = Arc::new(roots::roots(connection, lookup)?);
    let verifier =
        WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(|error| words(&error))?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| words(&error))?
        .with_webpki_verifier(verifier);
    match &connection.client_cert {
        None => Ok(config.with_no_client_auth()),
        Some(cert) => {
            let key = connection.client_key.as_ref().unwrap_or(cert);
            let (chain, private) = identity::read(cert, key)?;
            let fits = config.with_client_auth_cert(chain, private);
            fits.map_err(|_| TransportError::file("private key", key, "does not belong to the client certificate"))
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
