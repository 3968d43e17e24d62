//! The master keys at hand, which encrypt secrets and signing keys.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::key_file::{KeyFile, MasterKeyError, create};
use super::key_file_users::KeyFileUser;
use super::master_key::{MASTER_KEY_BYTES, MasterKey, MasterKeyBytes};
use super::signing_key::SigningKey;
use crate::server::store::{HeldMasterKeys, MasterKeys, SecretDigest, StoredSigningKey};

/// Encrypts secrets, and signs what no signing key of the store does: with a master key, and during its rotation also with
/// the next one, which is in a file beside it. Keys are wiped when dropped.
pub struct Vault {
    /// That of the file, when it was first read.
    first: Arc<MasterKey>,
    others: RwLock<Vec<Arc<MasterKey>>>,
    /// The ID of the one that encrypts, where the store names one.
    current: RwLock<Option<String>>,
    /// Where they are, unless it is a single one from elsewhere.
    file: Option<KeyFile>,
    held: HeldMasterKeys,
    /// Held while a named key is used on a data folder.
    user: Option<KeyFileUser>,
}

impl Vault {
    /// Reads the key from its file, and the next one if there is one; creates the file if it is missing, not `required` and
    /// not named.
    pub(crate) fn open(file: &KeyFile, required: bool) -> Result<Self, MasterKeyError> {
        let bytes = match file.read() {
            Err(MasterKeyError::Files { source, path }) if source.kind() == io::ErrorKind::NotFound => {
                if file.is_named {
                    return Err(MasterKeyError::NotMade(path));
                }
                if required {
                    return Err(MasterKeyError::Missing(path));
                }
                create(&path)?;
                file.read()
            }
            other => other,
        };
        let vault = Self { file: Some(file.clone()), ..Self::new(&*bytes?) };
        vault.look()?;
        Ok(vault)
    }

    /// Registers this process with others that work on the data in `folder`, if its key is in a named file.
    pub(crate) fn register(&mut self, folder: &Path) -> Result<(), MasterKeyError> {
        if let Some(file) = self.file.as_ref().filter(|file| file.is_named) {
            self.user = Some(KeyFileUser::register(folder, &file.path).map_err(MasterKeyError::files(folder))?);
        }
        Ok(())
    }

    /// A vault with this master key, if it has the length of one.
    pub(crate) fn of(master_key: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; MASTER_KEY_BYTES]);
        (master_key.len() == bytes.len()).then(|| bytes.copy_from_slice(master_key))?;
        Some(Self::new(&bytes))
    }

    fn new(bytes: &MasterKeyBytes) -> Self {
        let (first, held) = (Arc::new(MasterKey::new(bytes)), HeldMasterKeys::default());
        held.add(&first.id);
        Self { first, others: RwLock::default(), current: RwLock::default(), file: None, held, user: None }
    }

    fn add(&self, key: MasterKey) {
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if self.first.id != key.id && others.iter().all(|known| known.id != key.id) {
            self.held.add(&key.id);
            others.push(Arc::new(key));
        }
    }

    /// Looks whether there is another key in the file, or the next one beside it. What is known stays known.
    pub(crate) fn look(&self) -> Result<(), MasterKeyError> {
        let Some(file) = &self.file else { return Ok(()) };
        let next = file.next();
        // First: at the end of a rotation it becomes the other.
        let found = if next.path.exists() { Some(next.read()?) } else { None };
        for bytes in found.into_iter().chain(file.read().ok()) {
            self.add(MasterKey::new(&bytes));
        }
        Ok(())
    }

    /// Encrypts with the key that the store names from now on. Whether all keys that it names are here.
    pub(crate) fn follow(&self, named: &MasterKeys) -> bool {
        if !named.are_among(&self.held.all()) {
            let _ = self.look();
        }
        self.current.write().unwrap_or_else(PoisonError::into_inner).clone_from(&named.current);
        named.are_among(&self.held.all())
    }

    /// The IDs of the keys, for servers to tell each other.
    pub(crate) fn held(&self) -> &HeldMasterKeys {
        &self.held
    }

    /// The key that encrypts.
    fn encrypting(&self) -> Option<Arc<MasterKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_deref().map_or_else(|| Some(Arc::clone(&self.first)), |id| self.key(id))
    }

    /// The key with this ID.
    fn key(&self, id: &str) -> Option<Arc<MasterKey>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.first).chain(others.iter()).find(|key| key.id == id).map(Arc::clone)
    }

    /// `nonce ‖ ciphertext ‖ tag`, which can be decrypted only for the same key ID. Fails if the system's random source
    /// does.
    pub fn encrypt(&self, key_id: &str, secret: &str) -> Result<Vec<u8>, getrandom::Error> {
        self.encrypt_named(key_id, secret.as_bytes()).map(|(encrypted, _)| encrypted)
    }

    /// The same, with the ID of the master key.
    pub(crate) fn encrypt_named(&self, name: &str, secret: &[u8]) -> Result<(Vec<u8>, String), getrandom::Error> {
        let key = self.encrypting().ok_or(getrandom::Error::UNEXPECTED)?;
        Ok((key.encrypt(name, secret)?, key.id.clone()))
    }

    /// Encrypts with the key that has this ID.
    pub(crate) fn encrypt_with(&self, id: &str, name: &str, secret: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        self.key(id).ok_or(getrandom::Error::UNEXPECTED)?.encrypt(name, secret)
    }

    /// What was encrypted; `None` if a single bit differs. Takes as long whichever key it was encrypted with.
    pub(crate) fn decrypt(&self, key_id: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.try_decrypt(key_id, encrypted).or_else(|| {
            // With a key that came meanwhile.
            self.look().ok()?;
            self.try_decrypt(key_id, encrypted)
        })
    }

    fn try_decrypt(&self, name: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let opened: Vec<_> =
            std::iter::once(&self.first).chain(others.iter()).map(|key| key.decrypt(name, encrypted)).collect();
        opened.into_iter().flatten().next()
    }

    /// What was encrypted with the key that has this ID.
    pub(crate) fn decrypt_with(&self, id: &str, name: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.key(id)?.decrypt(name, encrypted)
    }

    /// The digest of a secret by the master key that has this ID.
    pub(crate) fn digest_with(&self, id: &str, secret: &[u8]) -> Option<SecretDigest> {
        self.key(id).map(|key| key.digest(secret))
    }

    /// The digests of a secret by every master key at hand: during a rotation secrets have that of the one or the other.
    pub(crate) fn digests(&self, secret: &[u8]) -> Vec<SecretDigest> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.first).chain(others.iter()).map(|key| key.digest(secret)).collect()
    }

    /// The digest of a stored secret, by the master key that it is encrypted with. `None` if none at hand opens it.
    pub(crate) fn digest_stored(&self, key_id: &str, encrypted: &[u8]) -> Option<SecretDigest> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys = std::iter::once(&self.first).chain(others.iter());
        keys.find_map(|key| key.decrypt(key_id, encrypted).map(|secret| key.digest(&secret)))
    }

    /// The half that signs, of the key in the file.
    pub(crate) fn signing(&self) -> &Arc<SigningKey> {
        &self.first.signing
    }

    /// Encrypts a signing key, which has this ID. Gives the ID of the master key too.
    pub(crate) fn encrypt_signing_key(
        &self,
        id: &str,
        key: &SigningKey,
    ) -> Result<(Vec<u8>, String), getrandom::Error> {
        self.encrypt_named(&signing_key_name(id), key.bytes())
    }

    /// The signing key that was encrypted.
    pub(crate) fn decrypt_signing_key(&self, id: &str, encrypted: &[u8]) -> Option<SigningKey> {
        self.decrypt(&signing_key_name(id), encrypted).map(|bytes| SigningKey::of(&bytes))
    }

    /// A stored signing key, encrypted with the master key that has this ID. `None` if no key opens it.
    pub(crate) fn reencrypt_signing_key(
        &self,
        master_key: &str,
        stored: &StoredSigningKey,
    ) -> Option<Result<Vec<u8>, getrandom::Error>> {
        let name = signing_key_name(&stored.id);
        let key = match &stored.encrypted {
            Some(encrypted) => self.decrypt(&name, encrypted)?,
            None => Zeroizing::new(self.signing().bytes().to_vec()),
        };
        Some(self.encrypt_with(master_key, &name, &key))
    }
}

/// What a signing key is encrypted for: no access key has such an ID.
fn signing_key_name(id: &str) -> String {
    format!("signing key {id}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn vault() -> Vault {
        Vault::new(&[7; 64])
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
        let (encrypted, _) = vault().encrypt_signing_key("a", &key).unwrap();
        assert_eq!(vault().decrypt_signing_key("a", &encrypted).unwrap().sign(b"x"), key.sign(b"x"));
        assert!(vault().decrypt_signing_key("b", &encrypted).is_none() && vault().decrypt("a", &encrypted).is_none());
    }

    #[test]
    fn two_makers_agree_and_unsafe_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let file = KeyFile::of(folder.path(), None);
        assert!(matches!(Vault::open(&file, true), Err(MasterKeyError::Missing(_))));
        let named = |name: &str| KeyFile::of(Path::new("/nowhere"), Some(&folder.path().join(name)));
        assert!(matches!(Vault::open(&named("other.key"), false), Err(MasterKeyError::NotMade(_))));
        let makers: Vec<_> = (0..8)
            .map(|_| {
                std::thread::spawn({
                    let file = file.clone();
                    move || Vault::open(&file, false).unwrap().signing().sign(b"")
                })
            })
            .collect();
        let signatures: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Vault::open(&file, false), Err(MasterKeyError::Refused { .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&path, elsewhere.path().join("master.key")).unwrap();
        let link = KeyFile::of(elsewhere.path(), None);
        assert!(matches!(Vault::open(&link, false), Err(MasterKeyError::Refused { .. })));
        assert!(Vault::open(&named("master.key"), false).is_ok());
        fs::write(&path, b"short").unwrap();
        assert!(matches!(Vault::open(&file, false), Err(MasterKeyError::Refused { .. })));
    }
}
