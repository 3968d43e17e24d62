//! Who is to blame for a call that failed.

use std::error::Error;
use std::io;

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use rustls::client::ResolvesClientCert as _;
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use tower_service::Service;

use super::identity::ClientCertificate;
use super::{Transport, TransportError};
use crate::client::ApiError;
use crate::domain::Untrusted;

// hyper-util does not export the names of these two. All versions of SOCKS share one.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;
type SocksError = <SocksV5<HttpConnector> as Service<Uri>>::Error;

/// Finds the cause in an error's chain. The outer errors name the URL, which must not be shown; the innermost
/// says what happened. A proxy that is in between is named where it is to blame.
pub fn blame(error: &reqwest::Error, transport: Option<&Transport>) -> ApiError {
    let proxy = transport.and_then(|transport| transport.proxy.as_deref());
    let by_proxy = |words: &str| {
        let words = proxy.map_or(words.to_owned(), |proxy| format!("{proxy}: {words}"));
        ApiError::from(TransportError::Proxy(Untrusted::new(&words)))
    };
    if error.is_timeout() {
        return match (error.is_connect(), proxy) {
            (true, Some(_)) => by_proxy("connection timed out"),
            (true, None) => unreachable(error.url(), "connection timed out"),
            (false, _) => unreachable(error.url(), "no response in time"),
        };
    }
    let chain = chain(error);
    let innermost = chain.last().map_or_else(|| "no answer".to_owned(), |cause| without_number(&cause.to_string()));
    for cause in &chain {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return tls_blame(tls, transport.map(|transport| &*transport.certificate)).into();
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
        if is_not_http(error.url(), *cause) {
            return TransportError::NotHttp.into();
        }
    }
    if error.is_dns() {
        return TransportError::UnknownHost(Untrusted::new(&innermost)).into();
    }
    unreachable(error.url(), &innermost)
}

/// Nothing has answered at the host and port of a URL. A socket's URL, and none, has no port to be told.
fn unreachable(url: Option<&reqwest::Url>, why: &str) -> ApiError {
    let place = url.filter(|url| url.scheme() == "https" || url.port().is_some());
    let place = place.and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    ApiError::Unreachable(Untrusted::new(&format!("{}: {why}", place.as_deref().unwrap_or("the server"))))
}

/// The system's words for an error, for the middle of a sentence: "connection refused", not
/// "Connection refused (os error 111)".
fn without_number(words: &str) -> String {
    match words.split_once(" (os error ") {
        Some((words, _)) => {
            words.chars().take(1).map(|c| c.to_ascii_lowercase()).chain(words.chars().skip(1)).collect()
        }
        None => words.to_owned(),
    }
}

/// What hyper says of a server that sends something before it is asked, as one for SSH may do in time. hyper has no
/// question for that.
const SPOKE_FIRST: &str = "received unexpected message from connection";

/// Whether the answer to plain HTTP was something else, such as an alert of TLS. A URL without a port may be a
/// socket's.
fn is_not_http(url: Option<&reqwest::Url>, cause: &(dyn Error + 'static)) -> bool {
    url.is_some_and(|url| url.scheme() == "http" && url.port().is_some())
        && cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_parse() && !error.is_parse_too_large() || error.to_string() == SPOKE_FIRST)
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

/// The words of rustls are for programmers, some of them whole structures: none is shown.
fn tls_blame(error: &rustls::Error, ours: Option<&ClientCertificate>) -> TransportError {
    let handshake = |what: &str| TransportError::Handshake(what.to_owned());
    match error {
        rustls::Error::InvalidCertificate(wrong) => certificate_blame(wrong),
        rustls::Error::AlertReceived(alert) => alert_blame(*alert, ours),
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge,
        ) => TransportError::NotTls,
        rustls::Error::PeerIncompatible(_) => TransportError::NothingInCommon,
        rustls::Error::NoCertificatesPresented => handshake("the server sent no certificate"),
        rustls::Error::NoApplicationProtocol => handshake("the server doesn't offer HTTP/1.1"),
        rustls::Error::DecryptError => handshake("the server's data was altered on the way"),
        rustls::Error::FailedToGetCurrentTime => handshake("this computer's clock can't be read"),
        rustls::Error::FailedToGetRandomBytes => handshake("this computer has no random numbers"),
        _ => handshake("the server breaks the rules of TLS"),
    }
}

fn certificate_blame(error: &CertificateError) -> TransportError {
    let certificate = |what: &str| TransportError::Certificate(what.to_owned());
    match error {
        CertificateError::UnknownIssuer => TransportError::UnknownAuthority,
        CertificateError::BadSignature => TransportError::AnotherAuthority,
        CertificateError::NotValidForName => TransportError::WrongName(Untrusted::new("it doesn't say which")),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            TransportError::WrongName(Untrusted::new(&names))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TransportError::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TransportError::NotYetValid,
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => TransportError::WeakCertificate,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            certificate("its extended key usage lacks serverAuth")
        }
        CertificateError::Revoked => certificate("it was revoked"),
        CertificateError::BadEncoding => certificate("it is malformed"),
        CertificateError::UnhandledCriticalExtension => {
            certificate("it has a critical extension that is not known here")
        }
        CertificateError::Other(hidden) => {
            hidden.0.downcast_ref().map_or_else(|| certificate(BROKEN_RULES), webpki_blame)
        }
        _ => certificate(BROKEN_RULES),
    }
}

/// What is said of a certificate where the reason has no sentence of ours.
const BROKEN_RULES: &str = "it breaks the rules for certificates of servers";

/// What rustls has no name for.
fn webpki_blame(error: &webpki::Error) -> TransportError {
    use webpki::Error;
    TransportError::Certificate(
        match error {
            Error::CaUsedAsEndEntity => return TransportError::AuthorityAsServer,
            Error::UnsupportedCertVersion => "it isn't of X.509 version 3, which has the names of servers",
            Error::EndEntityUsedAsCa => "it was signed by a certificate that isn't an authority's",
            Error::NameConstraintViolation => "its authority may not sign for this name",
            Error::PathLenConstraintViolated => "more authorities stand between than the upper one allows",
            Error::MalformedExtensions | Error::ExtensionValueInvalid | Error::TrailingData(_) => "it is malformed",
            Error::MaximumPathDepthExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumSignatureChecksExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => "its chain is too long",
            _ => BROKEN_RULES,
        }
        .to_owned(),
    )
}

/// rustls writes `DnsName("keys.example")`.
fn plain_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// What the server's last word means depends on whether it has asked for a certificate.
fn alert_blame(alert: AlertDescription, ours: Option<&ClientCertificate>) -> TransportError {
    let name = alert.as_str().map_or_else(|| u8::from(alert).to_string(), str::to_owned);
    let was_asked = ours.is_some_and(ClientCertificate::was_requested);
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
        | AlertDescription::HandshakeFailure
            if was_asked =>
        {
            // Before TLS 1.3 there was no alert of its own for a missing one.
            if ours.is_some_and(ClientCertificate::has_certs) {
                TransportError::ClientCertificateRefused(name)
            } else {
                TransportError::ClientCertificateRequired
            }
        }
        AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::ProtocolVersion => TransportError::NothingInCommon,
        AlertDescription::UnrecognisedName => TransportError::NameNotServed,
        AlertDescription::InternalError => {
            TransportError::Handshake("the server reports an error of its own".to_owned())
        }
        _ => TransportError::Handshake(format!("the server ended it with TLS alert {name}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    #[test]
    fn no_word_of_a_library_is_shown() {
        let other = |error: webpki::Error| CertificateError::Other(OtherError(Arc::new(error)));
        let certificates = [
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: vec![6, 9],
                supported_algorithms: Vec::new(),
            },
            CertificateError::InvalidPurpose,
            CertificateError::BadEncoding,
            CertificateError::Revoked,
            CertificateError::UnknownRevocationStatus,
            CertificateError::ApplicationVerificationFailure,
            other(webpki::Error::UnsupportedCertVersion),
            other(webpki::Error::NameConstraintViolation),
            other(webpki::Error::MaximumPathDepthExceeded),
            other(webpki::Error::InvalidSerialNumber),
        ];
        let errors = [
            rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedKxGroup),
            rustls::Error::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
            rustls::Error::General("internal: {0x7f}".to_owned()),
            rustls::Error::NoCertificatesPresented,
        ];
        for error in certificates.into_iter().map(rustls::Error::InvalidCertificate).chain(errors) {
            let said = tls_blame(&error, None).to_string();
            assert!(!said.contains(['{', '[']) && said.ends_with('.') && said.contains(". "), "{said}");
            for word in error.to_string().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 12) {
                assert!(!said.contains(word), "{word}: {said}");
            }
        }
    }

    #[test]
    fn a_missing_client_certificate_is_only_said_where_one_was_asked_for() {
        let asked = ClientCertificate::default();
        assert!(asked.resolve(&[], &[]).is_none());
        for (ours, is_required) in [(Some(&asked), true), (Some(&ClientCertificate::default()), false), (None, false)] {
            let blamed = alert_blame(AlertDescription::HandshakeFailure, ours);
            assert_eq!(matches!(blamed, TransportError::ClientCertificateRequired), is_required, "{blamed}");
        }
    }
}
