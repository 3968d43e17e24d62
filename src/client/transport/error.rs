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
         certificate with ca_file in the profile or --ca-file, or check the address."
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
    #[error(
        "The server's certificate wasn't signed by the authority of that name that this computer knows. If the \
         certificate was renewed, ca_file (or the system's store) still has the old one: replace it there. \
         RSA keys below 2048 bits fail in the same way."
    )]
    AnotherAuthority,
    #[error(
        "The server's certificate, or one above it, is signed with an algorithm that isn't supported, such as SHA-1. \
         Have it issued with SHA-256 or better and a key of RSA (2048 bits or more), P-256, P-384 or Ed25519."
    )]
    WeakCertificate,
    /// Another reason, as part of a sentence.
    #[error("The server's certificate can't be used: {0}. Have it replaced.")]
    Certificate(String),
    #[error("The server requires a client certificate. Name yours with client_cert and client_key in the profile.")]
    ClientCertificateRequired,
    /// Holds the name of the TLS alert.
    #[error(
        "The server doesn't accept the client certificate that client_cert names (TLS alert {0}). Check that it is still \
         valid and from the authority that the server expects."
    )]
    ClientCertificateRefused(String),
    #[error(
        "The server has no TLS version, cipher suite or curve in common with this program. Allow TLS 1.2 or 1.3 there, with \
         AES-GCM or ChaCha20 over ECDHE (X25519, P-256, P-384) and a key of RSA, P-256, P-384 or Ed25519."
    )]
    NothingInCommon,
    #[error(
        "The server has no certificate for this name (TLS alert UnrecognisedName). Check the host in the base URL."
    )]
    NameNotServed,
    #[error("This port doesn't use TLS. Check the port of the base URL, and any proxy in front of the server.")]
    NotTls,
    #[error(
        "What answers at this port isn't HTTP. If it uses TLS, write https:// in the base URL; otherwise check the port."
    )]
    NotHttp,
    /// Another reason, as part of a sentence.
    #[error("The TLS connection failed: {0}. Check the address, and what is between here and the server.")]
    Handshake(String),
    #[error(
        "The proxy requires a user name and password (407). Put the right ones in its address, \
         http://NAME:PASSWORD@HOST:PORT."
    )]
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
