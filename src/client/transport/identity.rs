//! The certificate by which this computer shows who it is.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{TransportError, roots};

const KEY: &str = "private key";

/// Reads the chain and its key. The key must be for no one else.
pub(crate) fn read(
    cert: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TransportError> {
    let chain = roots::certificates("client certificate", cert)?;
    let bytes = roots::read(KEY, key)?;
    check_private(key)?;
    if let Ok(key) = PrivateKeyDer::from_pem_slice(&bytes) {
        return Ok((chain, key));
    }
    let encrypted = b"ENCRYPTED".as_slice();
    let problem = if bytes.is_empty() {
        "is empty"
    } else if bytes.windows(encrypted.len()).any(|part| part == encrypted) {
        "is encrypted, which is not supported: keep it unencrypted in a file that only you can read"
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
