//! The certificate of a server and its key.

use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use rustls::crypto::ring;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::domain::{KeyFileForm, Validity};
use crate::platform::regular_file;

/// The longest file that is read, in bytes: a long chain has some 20 KiB.
const MOST_BYTES: u64 = 1024 * 1024;

/// The files of a certificate chain and its private key, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate first, then those above it.
    pub certificate: PathBuf,
    /// PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// The certificate in use. A new one is for new connections. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Tls(Arc<RwLock<ServerCertificate>>);

/// A certificate that can be used, with its key.
pub(crate) struct ServerCertificate {
    config: Arc<ServerConfig>,
    file: PathBuf,
    /// Of each certificate in the chain, the server's first.
    chain: Vec<Option<Validity>>,
}

impl Tls {
    pub(crate) fn new(certificate: ServerCertificate) -> Self {
        certificate.log_concerns(Utc::now());
        Self(Arc::new(RwLock::new(certificate)))
    }

    pub(crate) fn replace(&self, certificate: ServerCertificate) {
        certificate.log_concerns(Utc::now());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certificate;
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.lock().config))
    }

    /// Logs what is wrong with the certificates' times, or soon will be.
    pub(crate) fn log_concerns(&self, now: DateTime<Utc>) {
        self.lock().log_concerns(now);
    }

    /// The last moment at which the server's certificate is good, if that can be read from it.
    pub(crate) fn until(&self) -> Option<DateTime<Utc>> {
        self.lock().chain.first().copied().flatten().map(|validity| validity.until())
    }

    fn lock(&self) -> RwLockReadGuard<'_, ServerCertificate> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertificate {
    fn log_concerns(&self, now: DateTime<Utc>) {
        for (place, validity) in self.chain.iter().enumerate() {
            let Some(concern) = validity.and_then(|validity| validity.concern(now)) else { continue };
            let which = if place == 0 { "the certificate" } else { "a certificate above the server's" };
            let file = self.file.display();
            if validity.is_some_and(|validity| validity.until() < now) {
                tracing::error!(%file, "{which} {concern}: renew it and send SIGHUP");
            } else {
                tracing::warn!(%file, "{which} {concern}: renew it and send SIGHUP");
            }
        }
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("can't read {path}: {source}; check its name and that the server can read it")]
    File { path: PathBuf, source: io::Error },
    #[error("everyone can read or write the key {0}; restrict it (chmod 600) and treat the key as compromised")]
    OpenKey(PathBuf),
    /// Not what it should be.
    #[error("{path} has no usable {what}: {why}")]
    Content {
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        why: &'static str,
    },
    #[error("{path} has no usable {what}: it {form}")]
    Form { path: PathBuf, what: &'static str, form: KeyFileForm },
    /// Each is good, but they do not belong together.
    #[error("can't use the certificate {certificate} with the key {key}: {why}")]
    Pair { certificate: PathBuf, key: PathBuf, why: &'static str },
}

impl TlsFiles {
    /// Reads both files and checks that they belong together.
    pub(crate) fn read(&self) -> Result<ServerCertificate, TlsError> {
        let bytes = read(&self.certificate, false)?;
        let content = |path: &Path, what| {
            let path = path.to_owned();
            move |error| TlsError::Content { path, what, why: pem_problem(&error) }
        };
        let form = |path: &Path, what, bytes: &[u8]| {
            let known = KeyFileForm::of(bytes);
            known.map_or(Ok(()), |form| Err(TlsError::Form { path: path.to_owned(), what, form }))
        };
        form(&self.certificate, "certificate", &bytes)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let chain = chain.map_err(content(&self.certificate, "certificate"))?;
        if chain.is_empty() {
            let why = match PrivateKeyDer::from_pem_slice(&bytes) {
                Ok(_) => "it has a private key in it; name the file of the certificate",
                Err(_) => NOT_PEM,
            };
            return Err(TlsError::Content { path: self.certificate.clone(), what: "certificate", why });
        }
        let validities = chain.iter().map(Validity::of).collect();
        let bytes = read(&self.key, true)?;
        form(&self.key, "private key", &bytes)?;
        let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(content(&self.key, "private key"))?;
        let pair = |error| TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why: match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    "the key belongs to another certificate"
                }
                rustls::Error::InvalidCertificate(_) => "the certificate is malformed",
                _ => "such a key isn't supported; use RSA (2048 bits or more), P-256, P-384 or Ed25519",
            },
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(ServerCertificate { config: Arc::new(config), file: self.certificate.clone(), chain: validities })
    }
}

const NOT_PEM: &str = "it must be PEM, unencrypted, beginning with -----BEGIN";

/// The library's own words repeat lines of the file, which may be a key's.
const fn pem_problem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::NoItemsFound => NOT_PEM,
        pem::Error::MissingSectionEnd { .. } => "its -----END line is missing; the file is cut off",
        _ => "its PEM is broken",
    }
}

/// A key may be read by a group, as Debian's ssl-cert and systemd's credentials do, but not by everyone.
fn read(path: &Path, private: bool) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::File { path: path.to_owned(), source };
    let file = regular_file::open(OpenOptions::new().read(true), path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if private && meta.mode() & 0o027 != 0 {
        return Err(TlsError::OpenKey(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
