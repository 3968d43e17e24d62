//! A data folder: the database, and beside it the master key that the secrets in it are encrypted with.

use std::fs;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::auth::key_file::{KeyFile, MasterKeyError};
use super::auth::vault::Vault;
use super::store::{DatabaseAddress, EventQuery, LeaseSetup, Store, StoreError, StoredSecret};
use crate::platform::process::users::name_of;

/// What a server works on: a store, and the master key of its secrets.
pub struct DataFolder {
    pub store: Store,
    /// The master key.
    pub vault: Arc<Vault>,
}

/// What opening a data folder may do to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreAccess {
    /// Creates folder, database and master key where they are missing.
    Create,
    /// Only opens what exists.
    Open,
    /// Only opens what exists, also where nothing can be written.
    Read,
}

/// What the master key of servers that share a database encrypts there, for others to see whether theirs is the same. No
/// key has this ID.
pub(crate) const SEALED: &str = "latchkey";
/// How many secrets are read at once when all are looked at.
const CHECKED_AT_ONCE: i64 = 1_000;

/// What a database holds.
#[derive(Clone, Debug, Default)]
pub struct DatabaseContent {
    pub keys: usize,
    /// Keys whose secret the master key does not open.
    pub unreadable: usize,
    pub administrators: usize,
    pub newest_event: Option<DateTime<Utc>>,
}

/// The mode bit of a folder in which many users keep files.
const STICKY: u32 = 0o1000;

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nothing was created.
    #[error("there are no access keys in {0}: nothing was ever created there")]
    NoStore(PathBuf),
    #[error(
        "{database} is {state}, although its master.key is there: restore a backup with latchkey restore --replace, or \
         move master.key away to start without any keys"
    )]
    Lost {
        database: PathBuf,
        /// Empty or missing.
        state: &'static str,
    },
    #[error("{0} can't be written, so keys can't be changed: use --read-only to look at them")]
    ReadOnly(PathBuf),
    #[error("other users may write to {0}: restrict it to yourself (chmod 700) and start again")]
    WritableByOthers(PathBuf),
    #[error("other users may write to {0}: choose a folder of your own for the keys")]
    Shared(PathBuf),
    #[error("{folder} belongs to the user {owner}")]
    OtherUser { folder: PathBuf, owner: String },
    #[error("{file} belongs to the user {owner}: change its owner (chown)")]
    OtherFile { file: PathBuf, owner: String },
    #[error("{0} is a symbolic link: put the file itself there")]
    Link(PathBuf),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DataFolder {
    /// Opens `folder`, in which the master key is.
    pub async fn open(folder: &Path, access: StoreAccess) -> Result<Self, DataError> {
        Self::open_with(folder, None, access).await
    }

    /// Opens `folder`; the master key is in it, or in a file that is named.
    pub async fn open_with(folder: &Path, master_key: Option<&Path>, access: StoreAccess) -> Result<Self, DataError> {
        let (database, key) = (folder.join("keys.db"), KeyFile::of(folder, master_key));
        check_owners(folder)?;
        // The key first: it is made after the database, by another process perhaps. One that is named may be older.
        let has_key = !key.is_named && key.path.exists();
        let found = size(&database)?;
        match found {
            Some(1..) => {}
            found if has_key => {
                return Err(DataError::Lost { database, state: if found.is_some() { "empty" } else { "missing" } });
            }
            _ if access != StoreAccess::Create => return Err(DataError::NoStore(folder.to_owned())),
            _ => {}
        }
        own_folder(folder)?;
        let writable = [folder, &database].into_iter().all(is_writable);
        let store = match access {
            StoreAccess::Read if !writable => Store::read_sqlite(database).await?,
            // Another process may be making it just now.
            _ if found.is_some() && !writable => return Err(DataError::ReadOnly(folder.to_owned())),
            _ => Store::open_sqlite(database).await?,
        };
        let sample = store.encrypted_sample().await?;
        let mut vault = Vault::open(&key, sample.is_some() || access != StoreAccess::Create)?;
        if sample.is_some_and(|(id, encrypted)| vault.decrypt(&id, &encrypted).is_none()) {
            let why = "it belongs to another database; put the right one back, or restore a backup with latchkey restore --replace";
            return Err(MasterKeyError::Refused { path: key.path, why }.into());
        }
        // Before it follows: a rotation that begins afterwards knows of this process.
        if writable {
            vault.register(folder)?;
        }
        follow(&store, &vault, &key).await?;
        Ok(Self { store, vault: Arc::new(vault) })
    }

    /// Opens a database that servers share, with the master key in `folder` or in a file that is named. The first server
    /// makes that in its folder; it is copied to the others.
    pub async fn on_database(
        folder: &Path,
        master_key: Option<&Path>,
        address: DatabaseAddress,
        mut lease: LeaseSetup,
    ) -> Result<Self, DataError> {
        own_folder(folder)?;
        // Before it counts as a server, for which others wait.
        let store = Store::open_for_work(address.clone()).await?;
        let key = KeyFile::of(folder, master_key);
        let is_new = store.seal(None).await?.is_none() && store.encrypted_sample().await?.is_none();
        let vault = Vault::open(&key, !is_new)?;
        let sealed = store.seal(Some(vault.encrypt(SEALED, SEALED).map_err(MasterKeyError::from)?)).await?;
        if sealed.is_some_and(|sealed| vault.decrypt(SEALED, &sealed).is_none()) {
            let why = "the other servers on this database have another one: copy theirs to this machine";
            return Err(MasterKeyError::Refused { path: key.path, why }.into());
        }
        lease.master_keys = vault.held().clone();
        let store = Store::open_postgres(address, lease).await?;
        // Afterwards: a rotation begins only if every server that has told of itself has the new key.
        if let Err(error) = follow(&store, &vault, &key).await {
            store.close().await;
            return Err(error);
        }
        Ok(Self { store, vault: Arc::new(vault) })
    }

    /// Looks through a database that servers share, with the master key in `folder` or in a file that is named.
    pub async fn check_database(
        folder: &Path,
        master_key: Option<&Path>,
        address: DatabaseAddress,
    ) -> Result<DatabaseContent, DataError> {
        let store = Store::open_for_work(address).await?;
        let vault = Vault::open(&KeyFile::of(folder, master_key), true)?;
        let mut content = DatabaseContent { administrators: store.administrators().await?.len(), ..Default::default() };
        let newest = store.events(EventQuery { limit: 1, ..EventQuery::default() }).await?;
        content.newest_event = newest.first().map(|event| event.at);
        let mut after = 0;
        loop {
            let secrets = store.secrets(after, CHECKED_AT_ONCE).await?;
            let Some(last) = secrets.last() else { return Ok(content) };
            after = last.seq;
            content.keys += secrets.len();
            let readable = |secret: &&StoredSecret| vault.decrypt(&secret.id, &secret.encrypted).is_some();
            content.unreadable += secrets.len() - secrets.iter().filter(readable).count();
        }
    }

    /// Whether `folder` has data, whole or not.
    pub fn exists(folder: &Path) -> bool {
        ["keys.db", "master.key"].iter().any(|name| folder.join(name).exists())
    }
}

/// Encrypts with the key that the store names, and refuses to go on without a key that it needs.
pub(crate) async fn follow(store: &Store, vault: &Vault, key: &KeyFile) -> Result<(), DataError> {
    if vault.follow(&store.master_keys().await?) {
        return Ok(());
    }
    let why = "the master key is being or was replaced, and the other one is missing: put it next to this one, with .new appended to its name";
    Err(MasterKeyError::Refused { path: key.path.clone(), why }.into())
}

/// The size of a file in bytes; `None` if there is no such file.
fn size(path: &Path) -> Result<Option<u64>, StoreError> {
    match fs::metadata(path) {
        Ok(about) => Ok(Some(about.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::files(path)(error)),
    }
}

/// Whether this process may write there, by permissions and by the mount.
fn is_writable(path: &Path) -> bool {
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// Refuses a folder of another user and files of theirs in it: they could lead root to any file of the machine, and what
/// root makes there is of no use to them. (The master key is checked when it is read.)
pub(crate) fn check_owners(folder: &Path) -> Result<(), DataError> {
    let other = |about: &fs::Metadata| {
        let uid = Some(about.uid()).filter(|uid| *uid != rustix::process::geteuid().as_raw())?;
        Some(name_of(uid).unwrap_or_else(|| format!("#{uid}")))
    };
    let Ok(about) = fs::metadata(folder) else { return Ok(()) };
    if let Some(owner) = other(&about) {
        return Err(DataError::OtherUser { folder: folder.to_owned(), owner });
    }
    for name in ["keys.db", "keys.db-wal", "keys.db-shm"] {
        let file = folder.join(name);
        let Ok(about) = fs::symlink_metadata(&file) else { continue };
        if about.is_symlink() {
            return Err(DataError::Link(file));
        }
        if let Some(owner) = other(&about) {
            return Err(DataError::OtherFile { file, owner });
        }
    }
    Ok(())
}

/// Creates the folder for this user alone, or checks that no other user can put files into it.
pub(crate) fn own_folder(folder: &Path) -> Result<(), DataError> {
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StoreError::files(folder))?;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(StoreError::files(folder))?;
    }
    let about = fs::metadata(folder).map_err(StoreError::files(folder))?;
    if !about.is_dir() {
        return Err(StoreError::files(folder)(io::ErrorKind::NotADirectory.into()).into());
    }
    if about.mode() & 0o022 == 0 {
        return Ok(());
    }
    // A folder that others use, such as /tmp, must stay as it is.
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    let is_ours = about.uid() == rustix::process::geteuid().as_raw() && about.mode() & STICKY == 0;
    let is_for_keys = is_ours && (is_empty || DataFolder::exists(folder));
    Err(if is_for_keys { DataError::WritableByOthers } else { DataError::Shared }(folder.to_owned()))
}
