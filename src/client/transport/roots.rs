//! Whose certificates are trusted.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Lookup, TransportError};
use crate::client::ConnectionSettings;
use crate::domain::KeyFileForm;

/// The largest file of certificates that is read, in bytes: the system's own is 0.3 MB.
const MOST: u64 = 16 << 20;

/// The authorities of the system, of the settings, or of both.
pub(crate) fn roots(connection: &ConnectionSettings, lookup: Lookup<'_>) -> Result<RootCertStore, TransportError> {
    let mut store = RootCertStore::empty();
    if !connection.ca_only {
        system(&mut store, lookup)?;
    }
    if let Some(file) = &connection.ca_file {
        const WHAT: &str = "CA file";
        for certificate in certificates(WHAT, file)? {
            let added = store.add(certificate);
            added.map_err(|_| TransportError::file(WHAT, file, "has a certificate that cannot be understood"))?;
        }
    }
    Ok(store)
}

/// A wrong `SSL_CERT_FILE` would otherwise only show as a certificate that isn't trusted.
fn system(store: &mut RootCertStore, lookup: Lookup<'_>) -> Result<(), TransportError> {
    let (file, folders) = (lookup("SSL_CERT_FILE"), lookup("SSL_CERT_DIR"));
    let mut found = Vec::new();
    if let Some(file) = &file {
        found.extend(certificates("file of certificates in SSL_CERT_FILE,", Path::new(file))?);
    }
    if let Some(folders) = &folders {
        found.extend(in_folders(folders)?);
    }
    if file.is_none() && folders.is_none() {
        found = rustls_native_certs::load_native_certs().certs;
    }
    // Some of the system's are too old to be read: they are of no use to anyone.
    let (added, _) = store.add_parsable_certificates(found);
    if added == 0 && file.is_none() && folders.is_none() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(())
}

fn in_folders(folders: &OsStr) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let mut found = Vec::new();
    for folder in std::env::split_paths(folders).filter(|folder| !folder.as_os_str().is_empty()) {
        let problem = match fs::metadata(&folder) {
            Ok(data) if data.is_dir() => {
                found.extend(rustls_native_certs::load_certs_from_paths(None, Some(&folder)).certs);
                continue;
            }
            Ok(_) => "is not a folder".to_owned(),
            Err(error) => format!("cannot be read ({error})"),
        };
        return Err(TransportError::file("folder of certificates in SSL_CERT_DIR,", &folder, problem));
    }
    Ok(found)
}

/// The certificates of a PEM file: at least one.
pub(crate) fn certificates(what: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let bytes = read(what, file)?;
    if let Some(form) = KeyFileForm::of(&bytes) {
        return Err(TransportError::file(what, file, form.to_string()));
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if bytes.is_empty() => Err(TransportError::file(what, file, "is empty")),
        Ok(_) if PrivateKeyDer::from_pem_slice(&bytes).is_ok() => Err(TransportError::file(
            what,
            file,
            "has a private key in it but no certificate: name the certificate's file",
        )),
        Ok(_) => Err(TransportError::file(
            what,
            file,
            "has no certificate in it: it must be PEM, -----BEGIN CERTIFICATE-----",
        )),
        Err(_) => Err(TransportError::file(what, file, "is broken: it must be PEM, -----BEGIN CERTIFICATE-----")),
    }
}

/// The bytes of a file that must be there.
pub(crate) fn read(what: &'static str, file: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, TransportError> {
    let problem = match fs::metadata(file) {
        Ok(data) if data.is_dir() => "is a folder".to_owned(),
        Ok(data) if data.len() > MOST => "is too large to be one".to_owned(),
        Ok(data) if !data.is_file() => "is not a regular file".to_owned(),
        Ok(_) => match fs::read(file) {
            Ok(bytes) => return Ok(bytes.into()),
            Err(error) => format!("cannot be read ({error})"),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        Err(error) => format!("cannot be read ({error})"),
    };
    Err(TransportError::file(what, file, problem))
}
