//! The certificate by which this computer shows who it is.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

use super::{TransportError, provider, roots};
use crate::client::ConnectionSettings;
use crate::domain::KeyFileForm;

const KEY: &str = "private key";

/// Our certificate, if we have one. Remembers whether a server has asked for it: without that, an alert of a server
/// doesn't tell a missing certificate from missing ciphers.
#[derive(Debug, Default)]
pub(crate) struct ClientCertificate {
    chain: Option<Arc<CertifiedKey>>,
    was_requested: AtomicBool,
}

impl ClientCertificate {
    /// Whether a server has asked for it.
    pub(crate) fn was_requested(&self) -> bool {
        self.was_requested.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_requested.store(true, Ordering::Relaxed);
        self.chain.clone().filter(|chain| chain.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        self.chain.is_some()
    }
}

/// Reads the chain and its key, if the settings name them. The key must be readable by its owner only.
pub(crate) fn read(connection: &ConnectionSettings) -> Result<ClientCertificate, TransportError> {
    let Some(cert) = &connection.client_cert else { return Ok(ClientCertificate::default()) };
    let key = connection.client_key.as_ref().unwrap_or(cert);
    let chain = roots::certificates("client certificate", cert)?;
    let chain = CertifiedKey::from_der(chain, private_key(cert, key)?, &provider()).map_err(|error| {
        let problem = match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                "does not belong to the client certificate"
            }
            rustls::Error::InvalidCertificate(_) => "can't be used: the client certificate is malformed",
            _ => "is of a kind that isn't supported: use RSA of 2048 bits or more, P-256, P-384 or Ed25519",
        };
        TransportError::file(KEY, key, problem)
    })?;
    Ok(ClientCertificate { chain: Some(Arc::new(chain)), was_requested: AtomicBool::default() })
}

fn private_key(cert: &Path, key: &Path) -> Result<PrivateKeyDer<'static>, TransportError> {
    let bytes = roots::read(KEY, key)?;
    check_private(key)?;
    if let Ok(key) = PrivateKeyDer::from_pem_slice(&bytes) {
        return Ok(key);
    }
    let problem = if bytes.is_empty() {
        "is empty"
    } else if let Some(form) = KeyFileForm::of(&bytes) {
        return Err(TransportError::file(KEY, key, form.to_string()));
    } else if cert == key {
        "has no private key in it: add it to the file, or name it with client_key"
    } else {
        "has no private key in it: it must be PEM, -----BEGIN PRIVATE KEY-----"
    };
    Err(TransportError::file(KEY, key, problem))
}

fn check_private(key: &Path) -> Result<(), TransportError> {
    let problem = match fs::metadata(key) {
        Ok(data) if data.mode() & 0o077 != 0 => "can be read by others: make it yours alone with chmod 600",
        Ok(data) if data.uid() != rustix::process::geteuid().as_raw() && data.uid() != 0 => "belongs to another user",
        Ok(_) => return Ok(()),
        Err(_) => "cannot be read",
    };
    Err(TransportError::file(KEY, key, problem))
}
