//! Who is to blame for a call that failed.

use std::error::Error;
use std::io;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use rustls::{AlertDescription, CertificateError};
use tower_service::Service;

use super::TransportError;
use crate::client::ApiError;
use crate::domain::Untrusted;

// hyper-util does not export the names of these two. All versions of SOCKS share one.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;
type SocksError = <SocksV5<HttpConnector> as Service<Uri>>::Error;

/// Finds the cause in an error's chain. The outer errors name the URL, which must not be shown; the innermost
/// says what happened. A proxy that is in between is named where it is to blame.
pub fn blame(error: &reqwest::Error, proxy: Option<&str>) -> ApiError {
    let by_proxy = |words: &str| {
        let words = proxy.map_or(words.to_owned(), |proxy| format!("{proxy}: {words}"));
        ApiError::from(TransportError::Proxy(Untrusted::new(&words)))
    };
    if error.is_timeout() {
        return match (error.is_connect(), proxy) {
            (true, Some(_)) => by_proxy("connection timed out"),
            (true, None) => ApiError::Unreachable(Untrusted::new("connection timed out")),
            (false, _) => ApiError::Unreachable(Untrusted::new("no response in time")),
        };
    }
    let chain = chain(error);
    let innermost = chain.last().map_or_else(|| "no answer".to_owned(), ToString::to_string);
    for cause in &chain {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return tls_blame(tls).into();
        }
        match cause.downcast_ref::<TunnelError>() {
            Some(TunnelError::ProxyAuthRequired) => return TransportError::ProxyPasswordRequired.into(),
            Some(TunnelError::TunnelUnsuccessful) => return by_proxy("it refused to"),
            Some(_) => return by_proxy(&innermost),
            None => {}
        }
        if cause.is::<SocksError>() {
            return by_proxy(&innermost);
        }
        if speaks_tls(error.url(), *cause) {
            return TransportError::SpeaksTls.into();
        }
    }
    if error.is_dns() {
        return TransportError::UnknownHost(Untrusted::new(&innermost)).into();
    }
    ApiError::Unreachable(Untrusted::new(&innermost))
}

/// Whether the answer to plain HTTP was an alert of TLS. hyper has no method for a wrong version alone, only its words,
/// which a test holds. A URL without a port may be a socket's.
fn speaks_tls(url: Option<&reqwest::Url>, cause: &(dyn Error + 'static)) -> bool {
    url.is_some_and(|url| url.scheme() == "http" && url.port().is_some())
        && cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_parse() && error.to_string() == "invalid HTTP version parsed")
}

/// All causes, the outermost (which is `error` itself) left out. An I/O error hides its own cause one step deeper.
fn chain(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut chain = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        chain.push(cause);
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(hidden) => Some(hidden),
            None => cause.source(),
        };
    }
    chain
}

fn tls_blame(error: &rustls::Error) -> TransportError {
    match error {
        rustls::Error::InvalidCertificate(wrong) => certificate_blame(wrong),
        rustls::Error::AlertReceived(alert) => alert_blame(*alert),
        rustls::Error::InvalidMessage(_) => TransportError::NotTls,
        other => TransportError::Handshake(Untrusted::new(&other.to_string())),
    }
}

fn certificate_blame(error: &CertificateError) -> TransportError {
    match error {
        CertificateError::UnknownIssuer => TransportError::UnknownAuthority,
        CertificateError::NotValidForName => TransportError::WrongName(Untrusted::new("it doesn't say which")),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            TransportError::WrongName(Untrusted::new(&names))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TransportError::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TransportError::NotYetValid,
        CertificateError::Other(hidden)
            if matches!(hidden.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity)) =>
        {
            TransportError::AuthorityAsServer
        }
        other => TransportError::Certificate(Untrusted::new(&other.to_string())),
    }
}

/// rustls writes `DnsName("keys.example")`.
fn plain_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

fn alert_blame(alert: AlertDescription) -> TransportError {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            TransportError::ClientCertificateRequired
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
        | AlertDescription::HandshakeFailure => TransportError::ClientCertificateRefused(format!("{alert:?}")),
        other => TransportError::Handshake(Untrusted::new(&format!("the server says {other:?}"))),
    }
}
