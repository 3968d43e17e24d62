//! The master key is replaced while servers run.
//!
//! The next key is in a file beside the old one. Servers find it there, and a rotation begins only when every one that runs
//! has it. From then on nothing is stored that is encrypted with the old key, and everything that is stored is encrypted
//! anew, in batches: with both keys known it does not matter how far that has come, and another run goes on. At the end
//! every secret was opened with the new key, and the old one is not needed any more.

use std::fs;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;

use super::auth::key_file;
use super::auth::key_file::{KeyFile, MasterKeyError};
use super::auth::key_file_users::{files_in_use, resolved};
use super::auth::vault::Vault;
use super::backup::{self, BackupError};
use super::data_folder::{DataError, SEALED, check_owners, follow};
use super::store::{Actor, DatabaseAddress, MasterKeys, Reencrypted, Store, StoreError, StoredSecret};

/// How many secrets are encrypted anew in one transaction.
const AT_ONCE: i64 = 500;
/// How often to ask whether every server has the new key, and how long to wait in between: they look each second.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(500);

/// Why a rotation does not begin or end. What was encrypted anew stays so, and another run goes on.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// Servers that run without the new key. Nothing has begun.
    #[error(
        "the new master key isn't on all servers yet: copy {file} to {names}, next to the old one, and run this again. \
         Nothing has changed"
    )]
    Lacking { file: PathBuf, names: String },
    /// A process on the folder has its master key in another file, beside which the next one is not.
    #[error(
        "a latchkey is using {folder}, perhaps with the master key in {file}: stop it, name that file with \
         --master-key-file, or remove it if nothing uses it, and run this again. No secret has changed"
    )]
    OtherFile { folder: PathBuf, file: PathBuf },
    #[error(
        "the master key {0} is being replaced by another process: wait until it has ended. This one has changed nothing"
    )]
    Running(PathBuf),
    #[error("{folder} can't be checked for other users of it: {source}")]
    Check { folder: PathBuf, source: Box<BackupError> },
    #[error(
        "{0} secrets can be opened with neither key: keep the old one, and see what latchkey db check says or restore a backup"
    )]
    Unreadable(u64),
}

/// A rotation that has come to its end.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// How many secrets were encrypted anew in this run.
    pub secrets: u64,
    /// Where the master key is.
    pub file: PathBuf,
    /// Where the new one still is, if it could not take the place of the old one.
    pub beside: Option<PathBuf>,
    /// Whether there may be other machines with the old key.
    pub is_shared: bool,
}

/// The two keys and the store.
struct Rotation {
    store: Store,
    vault: Vault,
    file: KeyFile,
    new: String,
}

/// Replaces the master key of a data folder, or of a database that servers share. `began` is called when every server has
/// the new key.
pub async fn rotate_master_key(
    folder: &Path,
    master_key: Option<&Path>,
    database: Option<DatabaseAddress>,
    actor: Actor,
    began: impl FnOnce(),
) -> Result<Rotated, RotationError> {
    check_owners(folder)?;
    let (file, is_shared) = (KeyFile::of(folder, master_key), database.is_some());
    let _alone = lock(&file)?;
    let store = if let Some(address) = database {
        Store::open_for_work(address).await?
    } else {
        let path = folder.join("keys.db");
        if !path.exists() {
            return Err(DataError::NoStore(folder.to_owned()).into());
        }
        check_users(folder, &file)?;
        Store::open_sqlite(path).await?
    };
    let vault = Vault::open(&file, true)?;
    follow(&store, &vault, &file).await?;
    check_key(&store, &vault, &file).await?;
    let state = store.master_keys().await?;
    let (old, next) = (file.key_id()?, file.next());
    let is_ended = |new: &String| state.old.is_none() && state.current.as_ref() == Some(new);
    if !next.path.exists() {
        key_file::create(&next.path)?;
        vault.look()?;
    }
    let new = next.key_id()?;
    let rotation = Rotation { store, vault, file, new };
    let mut secrets = 0;
    if !is_ended(&rotation.new) {
        rotation.begin(old, &actor).await?;
        if !is_shared {
            // Those that have started meanwhile; later ones need the new key to start.
            check_named(folder, &rotation.file)?;
        }
        began();
        secrets = rotation.reencrypt().await?;
        rotation.store.end_master_key(rotation.new.clone(), actor, Utc::now()).await?;
    }
    let Rotation { file, .. } = rotation;
    let is_placed = fs::rename(&next.path, &file.path).and_then(|()| sync(&file.path));
    Ok(Rotated { secrets, file: file.path, beside: is_placed.err().map(|_| next.path), is_shared })
}

/// Refuses a key that is not the store's: before anything is encrypted with another one.
async fn check_key(store: &Store, vault: &Vault, file: &KeyFile) -> Result<(), RotationError> {
    let sealed = store.seal(None).await?.map(|sealed| (SEALED.to_owned(), sealed));
    let mut samples = store.encrypted_sample().await?.into_iter().chain(sealed);
    if samples.any(|(id, encrypted)| vault.decrypt(&id, &encrypted).is_none()) {
        let why = "it doesn't open the secrets of this database: put the right one back";
        return Err(MasterKeyError::Refused { path: file.path.clone(), why }.into());
    }
    Ok(())
}

/// Keeps other rotations from this file: two would replace each other's keys. Held as long as the file is open.
fn lock(file: &KeyFile) -> Result<File, RotationError> {
    let failed = |source| MasterKeyError::Files { path: file.path.clone(), source };
    loop {
        let locked = match File::open(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(file.missing().into()),
            opened => opened.map_err(failed)?,
        };
        match locked.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RotationError::Running(file.path.clone())),
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
        }
        // Another rotation may have put the next key there just before.
        let ours = locked.metadata().map_err(failed)?;
        if fs::metadata(&file.path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
            return Ok(locked);
        }
    }
}

/// Refuses a folder where a latchkey works with another file than `file`: all others look for the new key where this one
/// does. For a folder whose database this process has not opened: the lock below would be lost with its own.
fn check_users(folder: &Path, file: &KeyFile) -> Result<(), RotationError> {
    let is_registered = check_named(folder, file)?;
    let own = KeyFile::of(folder, None);
    if !file.is_named || resolved(&own.path) == resolved(&file.path) {
        return Ok(());
    }
    // Those that have the key in the folder itself don't register. With a key of another store there, they don't run.
    let may_be_used = if own.path.exists() { own.key_id().ok() == Some(file.key_id()?) } else { !is_registered };
    if !may_be_used {
        return Ok(());
    }
    backup::lock(folder).map(drop).map_err(|error| match error {
        BackupError::InUse(_) => RotationError::OtherFile { folder: folder.to_owned(), file: own.path },
        error => RotationError::Check { folder: folder.to_owned(), source: Box::new(error) },
    })
}

/// Refuses a folder where a latchkey has the master key in another file that was named. Gives whether one has it in this.
fn check_named(folder: &Path, file: &KeyFile) -> Result<bool, RotationError> {
    let files = files_in_use(folder).map_err(|source| {
        let source = Box::new(BackupError::Read { path: folder.to_owned(), source });
        RotationError::Check { folder: folder.to_owned(), source }
    })?;
    let ours = resolved(&file.path);
    match files.iter().find(|other| **other != ours) {
        Some(other) => Err(RotationError::OtherFile { folder: folder.to_owned(), file: other.clone() }),
        None => Ok(!files.is_empty()),
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

impl Rotation {
    /// Begins, or goes on with what has begun.
    async fn begin(&self, old: String, actor: &Actor) -> Result<(), RotationError> {
        let keys = MasterKeys { current: Some(self.new.clone()), old: Some(old) };
        for tries in 1..=TRIES {
            let sealed = self.vault.encrypt_with(&self.new, SEALED, SEALED.as_bytes()).map_err(MasterKeyError::from)?;
            let lacking = self.store.begin_master_key(keys.clone(), sealed, actor.clone(), Utc::now()).await?;
            if lacking.is_empty() {
                break;
            }
            if tries == TRIES {
                let file = self.file.next().path;
                return Err(RotationError::Lacking { file, names: lacking.join(", ") });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Encrypts everything anew that the new key does not open. Gives how many secrets those were.
    async fn reencrypt(&self) -> Result<u64, RotationError> {
        for stored in self.store.stored_signing_keys().await? {
            let Some(encrypted) = self.vault.reencrypt_signing_key(&self.new, &stored) else {
                return Err(RotationError::Unreadable(1));
            };
            let encrypted = encrypted.map_err(MasterKeyError::from)?;
            self.store.reencrypt_signing_key(self.new.clone(), stored.id, encrypted).await?;
        }
        let mut changed = 0;
        // Until one look through all of them finds none.
        loop {
            let (found, unreadable) = self.look_through().await?;
            changed += found;
            if unreadable > 0 {
                return Err(RotationError::Unreadable(unreadable));
            }
            if found == 0 {
                return Ok(changed);
            }
        }
    }

    /// Encrypts anew what the new key does not open: how many secrets that were, and how many neither key opens.
    async fn look_through(&self) -> Result<(u64, u64), RotationError> {
        let (mut after, mut found, mut unreadable) = (0, 0, 0);
        loop {
            let stored = self.store.secrets(after, AT_ONCE).await?;
            let Some(last) = stored.last() else { return Ok((found, unreadable)) };
            after = last.seq;
            let mut batch = Vec::new();
            for StoredSecret { seq, id, encrypted } in stored {
                if self.vault.decrypt_with(&self.new, &id, &encrypted).is_some() {
                    continue;
                }
                let Some(secret) = self.vault.decrypt(&id, &encrypted) else {
                    unreadable += 1;
                    continue;
                };
                let new = self.vault.encrypt_with(&self.new, &id, &secret).map_err(MasterKeyError::from)?;
                let digest = self.vault.digest_with(&self.new, &secret);
                let digest = digest.ok_or(StoreError::OtherMasterKey)?;
                batch.push(Reencrypted { seq, old: encrypted, new, digest });
            }
            found += batch.len() as u64;
            if !batch.is_empty() {
                self.store.reencrypt(self.new.clone(), batch).await?;
            }
        }
    }
}
