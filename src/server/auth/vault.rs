//! The master key, which encrypts secrets and signing keys.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, Zeroizing};

use super::signing_key::SigningKey;
use crate::platform::regular_file;

/// The length of XChaCha20-Poly1305's nonce, long enough for random ones never to repeat.
const NONCE: usize = 24;
/// Half of the master key file.
const HALF: usize = 32;

/// Encrypts secrets, and signs what no signing key of the store does. Both keys are wiped when dropped.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    signing: Arc<SigningKey>,
}

/// Why a master key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("can't use {path}: {source}; check that the folder exists and that you can write to it")]
    Files { path: PathBuf, source: io::Error },
    #[error(
        "the file {0} is missing, and without it no secret can be decrypted: put it back, or restore a backup with latchkey restore --replace"
    )]
    Missing(PathBuf),
    /// The file is not safe to use, or does not belong to the database.
    #[error("can't use the master key {path}: {why}")]
    Refused {
        path: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    #[error("the system's random number generator failed: {0}")]
    Random(#[from] getrandom::Error),
}

impl MasterKeyError {
    fn files(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Files { path, source }
    }
}

impl Vault {
    /// Reads the key from its file; creates the file if it is missing and not `required`.
    pub(crate) fn open(path: &Path, required: bool) -> Result<Self, MasterKeyError> {
        match read(path) {
            Err(MasterKeyError::Files { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                if required {
                    return Err(MasterKeyError::Missing(path.to_owned()));
                }
                create(path)?;
                read(path).map(|bytes| Self::new(&bytes))
            }
            other => other.map(|bytes| Self::new(&bytes)),
        }
    }

    /// A vault with this master key, if it has the length of one.
    pub(crate) fn of(master_key: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 2 * HALF]);
        (master_key.len() == bytes.len()).then(|| bytes.copy_from_slice(master_key))?;
        Some(Self::new(&bytes))
    }

    /// The first half encrypts, the second signs.
    fn new(bytes: &Zeroizing<[u8; 2 * HALF]>) -> Self {
        let mut encrypting = Zeroizing::new([0; HALF]);
        encrypting.copy_from_slice(&bytes[..HALF]);
        let signing = Arc::new(SigningKey::of(&bytes[HALF..]));
        Self { cipher: XChaCha20Poly1305::new((&*encrypting).into()), signing }
    }

    /// `nonce ‖ ciphertext ‖ tag`, which can be decrypted only for the same key ID. Fails if the system's random source
    /// does.
    pub fn encrypt(&self, key_id: &str, secret: &str) -> Result<Vec<u8>, getrandom::Error> {
        self.encrypt_bytes(key_id, secret.as_bytes())
    }

    fn encrypt_bytes(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: secret, aad: name.as_bytes() };
        let encrypted = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| getrandom::Error::UNEXPECTED)?;
        Ok([nonce.as_slice(), &encrypted].concat())
    }

    /// What was encrypted; `None` if a single bit differs.
    pub(crate) fn decrypt(&self, key_id: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, encrypted) = encrypted.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: encrypted, aad: key_id.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    /// The half that signs.
    pub(crate) fn signing(&self) -> &Arc<SigningKey> {
        &self.signing
    }

    /// Encrypts a signing key, which has this ID.
    pub(crate) fn encrypt_signing_key(&self, id: &str, key: &SigningKey) -> Result<Vec<u8>, getrandom::Error> {
        self.encrypt_bytes(&signing_key_name(id), key.bytes())
    }

    /// The signing key that was encrypted.
    pub(crate) fn decrypt_signing_key(&self, id: &str, encrypted: &[u8]) -> Option<SigningKey> {
        self.decrypt(&signing_key_name(id), encrypted).map(|bytes| SigningKey::of(&bytes))
    }
}

/// What a signing key is encrypted for: no access key has such an ID.
fn signing_key_name(id: &str) -> String {
    format!("signing key {id}")
}

/// The master key in a file, for a backup of it. Refuses a file that others could have written or read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<[u8; 2 * HALF]>, MasterKeyError> {
    let refuse = |why| MasterKeyError::Refused { path: path.to_owned(), why };
    let mut file = match regular_file::open_no_follow(OpenOptions::new().read(true), path) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(refuse("it is a symbolic link; put the file itself there"));
        }
        other => other.map_err(MasterKeyError::files(path))?,
    };
    let meta = file.metadata().map_err(MasterKeyError::files(path))?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(refuse("it is not a file of yours; change its owner"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(refuse(
            "others can read it; restrict it (chmod 600) and treat the secrets that it protects as compromised",
        ));
    }
    let mut bytes = Zeroizing::new([0; 2 * HALF]);
    let whole = meta.len() == bytes.len() as u64 && file.read_exact(bytes.as_mut_slice()).is_ok();
    if whole {
        Ok(bytes)
    } else {
        Err(refuse(
            "it does not have 64 bytes; put the right one back, or restore a backup with latchkey restore --replace",
        ))
    }
}

/// Writes a random key beside `path` and moves it there: of two processes, one wins and both use its key.
fn create(path: &Path) -> Result<(), MasterKeyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut bytes = Zeroizing::new([0; 2 * HALF]);
    getrandom::fill(bytes.as_mut_slice())?;
    let written = (|| {
        let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        file.as_file().set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes.as_slice())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => {}
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {}
            // Neither renames without replacing nor has hard links, as some FUSE file systems: then the file is written
            // in its place.
            Err(_) => match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
                Ok(mut file) => {
                    file.write_all(bytes.as_slice())?;
                    file.sync_all()?;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            },
        }
        File::open(folder)?.sync_all()
    })();
    bytes.zeroize();
    written.map_err(MasterKeyError::files(path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn vault() -> Vault {
        Vault::new(&Zeroizing::new([7; 64]))
    }

    #[test]
    fn opens_only_whole_and_only_for_its_key() {
        let encrypted = vault().encrypt("PK1", "sk_x").unwrap();
        assert_ne!(encrypted, vault().encrypt("PK1", "sk_x").unwrap(), "a nonce is never used twice");
        assert_eq!(vault().decrypt("PK1", &encrypted).unwrap().as_slice(), b"sk_x");
        assert!(vault().decrypt("PK2", &encrypted).is_none());
        for at in 0..encrypted.len() {
            let mut bad = encrypted.clone();
            bad[at] ^= 1;
            assert!(vault().decrypt("PK1", &bad).is_none(), "bit in byte {at}");
        }
        assert!(vault().decrypt("PK1", &encrypted[..20]).is_none());
        let key = SigningKey::of(&[9; 32]);
        let encrypted = vault().encrypt_signing_key("a", &key).unwrap();
        assert_eq!(vault().decrypt_signing_key("a", &encrypted).unwrap().sign(b"x"), key.sign(b"x"));
        assert!(vault().decrypt_signing_key("b", &encrypted).is_none() && vault().decrypt("a", &encrypted).is_none());
    }

    #[test]
    fn two_makers_agree_and_unsafe_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(matches!(Vault::open(&path, true), Err(MasterKeyError::Missing(_))));
        let makers: Vec<_> = (0..8)
            .map(|_| {
                std::thread::spawn({
                    let path = path.clone();
                    move || Vault::open(&path, false).unwrap().signing().sign(b"")
                })
            })
            .collect();
        let signatures: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Vault::open(&path, false), Err(MasterKeyError::Refused { .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link.key");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Vault::open(&link, false), Err(MasterKeyError::Refused { .. })));
        fs::write(&path, b"short").unwrap();
        assert!(matches!(Vault::open(&path, false), Err(MasterKeyError::Refused { .. })));
    }
}
