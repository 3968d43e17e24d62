//! Who is to blame for a call that failed.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::TransportError;
use crate::client::ApiError;
use crate::domain::Untrusted;

/// Finds the cause in an error's chain. The outer errors name the URL, which is nobody's business; the innermost
/// says what happened. A proxy that stands in between is named where it is to blame.
pub fn blame(error: &reqwest::Error, proxy: Option<&str>) -> ApiError {
    let by_proxy = |words: &str| {
        let words = proxy.map_or(words.to_owned(), |proxy| format!("{proxy}: {words}"));
        ApiError::from(TransportError::Proxy(Untrusted::new(&words)))
    };
    if error.is_timeout() {
        return match (error.is_connect(), proxy) {
            (true, Some(_)) => by_proxy("no connection in time"),
            (true, None) => ApiError::Unreachable(Untrusted::new("no connection in time")),
            (false, _) => ApiError::Unreachable(Untrusted::new("no answer in time")),
        };
    }
    let chain = chain(error);
    let innermost = chain.last().map_or_else(|| "no answer".to_owned(), ToString::to_string);
    for cause in &chain {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return tls_blame(tls).into();
        }
        let words = cause.to_string();
        if words == "tunnel error: proxy authorization required" {
            return TransportError::ProxyWantsPassword.into();
        }
        if words == "tunnel error: unsuccessful" {
            return by_proxy("it refused to");
        }
        if words.starts_with("tunnel error") || words.contains("socks proxy") || words.starts_with("SOCKS error") {
            return by_proxy(&innermost);
        }
        // The answer to plain HTTP is an alert of TLS. A URL without a port may be a socket's.
        let is_plain = error.url().is_some_and(|url| url.scheme() == "http" && url.port().is_some());
        if is_plain && words == "invalid HTTP version parsed" {
            return TransportError::SpeaksTls.into();
        }
        if words == "dns error" {
            return TransportError::UnknownHost(Untrusted::new(&innermost)).into();
        }
    }
    ApiError::Unreachable(Untrusted::new(&innermost))
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
        CertificateError::NotValidForName => TransportError::WrongName(Untrusted::new("which one it does not say")),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "it has none".to_owned() } else { names.join(", ") };
            TransportError::WrongName(Untrusted::new(&names))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TransportError::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TransportError::NotYetValid,
        CertificateError::Other(hidden) if format!("{hidden:?}").contains("CaUsedAsEndEntity") => {
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
            TransportError::WantsClientCertificate
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
