//! What can be wrong on the way to a server.

use std::path::{Path, PathBuf};

use crate::domain::Untrusted;

/// Which part of the way is to blame, and what to do. Never holds a proxy's password or a URL.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// A file that the settings name cannot be used.
    #[error("The {what} {} {problem}.", path.display())]
    File {
        /// What the file is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A proxy's address cannot be used. Holds where it was given, and what is wrong.
    #[error("The proxy in {0} cannot be used: {1}.")]
    ProxyAddress(String, &'static str),
    /// TLS cannot be set up on this computer.
    #[error("TLS cannot be set up here: {0}.")]
    Tls(String),
    /// The server's certificate comes from an authority that is not trusted here.
    #[error(
        "The server's certificate is signed by an authority that this computer does not trust: name the \
         authority's certificate with ca_file in the profile, or check the address."
    )]
    UnknownAuthority,
    /// The server's certificate is for another name. Holds the names that it has.
    #[error(
        "The server's certificate is for another name ({}): use that name in the base URL, or check the address.",
        .0.to_display(120)
    )]
    WrongName(Untrusted),
    /// The server's certificate is out of date.
    #[error(
        "The server's certificate has expired: have it renewed. If it should be good, this computer's clock is wrong."
    )]
    Expired,
    /// The server's certificate begins in the future.
    #[error(
        "The server's certificate is not valid yet: this computer's clock is wrong, or the certificate is too new."
    )]
    NotYetValid,
    /// The server shows the certificate of an authority as its own.
    #[error(
        "The server's certificate is an authority's (CA:TRUE, as openssl req -x509 makes it), which cannot stand for a \
         server: have one made with basicConstraints=CA:FALSE."
    )]
    AuthorityAsServer,
    /// Something else is wrong with the server's certificate.
    #[error("The server's certificate cannot be used ({}): have it replaced.", .0.to_display(120))]
    Certificate(Untrusted),
    /// The server wants to see a certificate.
    #[error("The server wants a client certificate: name yours with client_cert and client_key in the profile.")]
    WantsClientCertificate,
    /// The server does not take our certificate.
    #[error(
        "The server refused the TLS connection ({0}): it wants a client certificate, or does not accept the one \
         that client_cert names."
    )]
    ClientCertificateRefused(String),
    /// What answers does not speak TLS.
    #[error(
        "What answers there does not speak TLS: check the port of the base URL, and whether a proxy stands before it."
    )]
    NotTls,
    /// What answers does not speak plain HTTP.
    #[error(
        "What answers there does not speak plain HTTP: this port seems to speak TLS: write https:// in the base URL."
    )]
    SpeaksTls,
    /// TLS failed in another way.
    #[error("The TLS connection failed ({}): check the address, and what stands between.", .0.to_display(120))]
    Handshake(Untrusted),
    /// The proxy wants to know who asks.
    #[error("The proxy wants a user name and a password: give them in its address, http://NAME:PASSWORD@HOST:PORT.")]
    ProxyWantsPassword,
    /// The proxy cannot be reached, or does not connect us.
    #[error("The proxy does not connect to the server ({}): check proxy in the profile, or HTTPS_PROXY.", .0.to_display(120))]
    Proxy(Untrusted),
    /// The host's name is unknown.
    #[error("The server's name cannot be looked up ({}): check the base URL and the network.", .0.to_display(120))]
    UnknownHost(Untrusted),
}

impl TransportError {
    pub(crate) fn file(what: &'static str, path: &Path, problem: impl Into<String>) -> Self {
        Self::File { what, path: path.to_owned(), problem: problem.into() }
    }

    /// Whether asking again later may help, with nothing changed.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Proxy(_) | Self::UnknownHost(_) | Self::Handshake(_))
    }
}
