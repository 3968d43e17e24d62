//! What can be wrong on the way to a server.

use std::path::{Path, PathBuf};

use crate::domain::Untrusted;

/// Which part of the way is to blame, and what to do. Never holds a proxy's password or a URL.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    #[error("The {what} {} {problem}.", path.display())]
    File {
        /// What the file is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A proxy's address is wrong. Holds where it was given, and what is wrong.
    #[error("The proxy in {0} can't be used: {1}.")]
    ProxyAddress(String, &'static str),
    #[error("Can't set up TLS: {0}.")]
    Tls(String),
    #[error(
        "This computer doesn't trust the authority that signed the server's certificate. Name the authority's \
         certificate with ca_file in the profile, or check the address."
    )]
    UnknownAuthority,
    /// The server's certificate is for another name. Holds the names that it has.
    #[error(
        "The server's certificate is for another name ({}). Use that name in the base URL, or check the address.",
        .0.to_display(120)
    )]
    WrongName(Untrusted),
    #[error(
        "The server's certificate has expired. Have it renewed. If it should still be valid, this computer's clock is \
         wrong."
    )]
    Expired,
    #[error("The server's certificate is not valid yet: it is too new, or this computer's clock is wrong.")]
    NotYetValid,
    #[error(
        "The server's certificate is a certificate authority's (CA:TRUE, the default of openssl req -x509), which \
         can't identify a server. Have one issued with basicConstraints=CA:FALSE."
    )]
    AuthorityAsServer,
    #[error("The server's certificate isn't trusted ({}). If it is your own, name it with ca_file in the profile.", .0.to_display(120))]
    Certificate(Untrusted),
    #[error("The server requires a client certificate. Name yours with client_cert and client_key in the profile.")]
    ClientCertificateRequired,
    /// The server does not accept our certificate. Holds the name of the TLS alert.
    #[error(
        "The server refused the TLS connection ({0}). It requires a client certificate, or doesn't accept the one that \
         client_cert names."
    )]
    ClientCertificateRefused(String),
    #[error("This port doesn't use TLS. Check the port of the base URL, and any proxy in front of the server.")]
    NotTls,
    #[error("This port uses TLS. Write https:// in the base URL.")]
    SpeaksTls,
    #[error("The TLS connection failed ({}). Check the address, and what is between here and the server.", .0.to_display(120))]
    Handshake(Untrusted),
    #[error("The proxy requires a user name and password. Put them in its address, http://NAME:PASSWORD@HOST:PORT.")]
    ProxyPasswordRequired,
    #[error("The proxy can't connect to the server ({}). Check proxy in the profile, or HTTPS_PROXY.", .0.to_display(120))]
    Proxy(Untrusted),
    #[error("Can't resolve the server's name ({}). Check the base URL and the network.", .0.to_display(120))]
    UnknownHost(Untrusted),
}

impl TransportError {
    pub(crate) fn file(what: &'static str, path: &Path, problem: impl Into<String>) -> Self {
        Self::File { what, path: path.to_owned(), problem: problem.into() }
    }

    /// Whether asking again later may help, with nothing changed.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Proxy(_) | Self::UnknownHost(_) | Self::Handshake(_))
    }
}
