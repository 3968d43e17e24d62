//! A store moved to another engine: from a data folder to a database that servers share, or back. All of it arrives, or
//! nothing.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::auth::key_file::{KeyFile, MasterKeyError};
use super::auth::vault::Vault;
use super::backup::{DATABASE, MASTER_KEY, WorkFolder};
use super::data_folder::{DataError, DataFolder, SEALED, StoreAccess, check_owners, own_folder};
use super::store::{
    Actor, CopiedRows, Copying, DatabaseAddress, EventKind, NewEvent, Progress, Store, StoreError, Subject,
    postgres_copy, sqlite_copy,
};

/// How many parts are on their way: each is some megabytes.
const ON_THE_WAY: usize = 2;

/// Where a store is.
#[derive(Clone)]
pub enum StoreLocation {
    /// A data folder, with its database and master key.
    Folder(PathBuf),
    /// A database that servers share.
    Database(Box<DatabaseAddress>),
}

impl StoreLocation {
    /// As it may be shown.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Database(address) => address.place(),
        }
    }
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("a copy goes from a data folder to a PostgreSQL database, or back")]
    SameKind,
    #[error("a latchkey is using {0}: stop every server and close every page on it")]
    InUse(String),
    #[error("{0} isn't empty")]
    NotEmpty(String),
    #[error("{0} is not the master key of the database")]
    OtherMasterKey(PathBuf),
    #[error("{path} can't be written: {source}")]
    Write { path: PathBuf, source: io::Error },
}

/// Copies all keys, administrators, sessions and events. `data` is the data folder with the master key of a database.
/// Nothing changes at the source, where no latchkey may run: what is changed there later is not copied.
///
/// # Errors
///
/// The target is not empty, either place is in use, or the master key does not open every secret.
pub async fn copy(
    from: StoreLocation,
    to: StoreLocation,
    data: &Path,
    actor: &Actor,
    now: DateTime<Utc>,
    progress: Progress,
) -> Result<CopiedRows, CopyError> {
    let event = NewEvent::of(actor, Subject::Server, EventKind::Copied, now);
    let (source, target) = (from.name(), to.name());
    let in_use = |error: StoreError, place: &str| match error {
        StoreError::Busy => CopyError::InUse(place.to_owned()),
        StoreError::Occupied => CopyError::NotEmpty(place.to_owned()),
        error => error.into(),
    };
    let (sent, taken) = match (from, to) {
        (StoreLocation::Folder(folder), StoreLocation::Database(address)) => {
            let event = NewEvent { detail: Some("from SQLite to PostgreSQL".to_owned()), ..event };
            to_database(&folder, *address, event, progress).await?
        }
        (StoreLocation::Database(address), StoreLocation::Folder(folder)) => {
            let event = NewEvent { detail: Some("from PostgreSQL to SQLite".to_owned()), ..event };
            to_folder(*address, &folder, data, event, progress).await?
        }
        _ => return Err(CopyError::SameKind),
    };
    // Where one side fails, the other one is cancelled.
    match (sent, taken) {
        (Err(error), Err(StoreError::Cancelled)) => Err(in_use(error, &source)),
        (_, Err(error)) => Err(in_use(error, &target)),
        (_, Ok(copied)) => Ok(copied),
    }
}

/// What came of sending, and of taking.
type Outcome = (Result<(), StoreError>, Result<CopiedRows, StoreError>);

async fn to_database(
    folder: &Path,
    address: DatabaseAddress,
    event: NewEvent,
    progress: Progress,
) -> Result<Outcome, CopyError> {
    // Of this version, with the master key that belongs to it.
    drop(DataFolder::open(folder, StoreAccess::Open).await?);
    // With one key alone: in the middle of a rotation it does not open every secret, and nothing is copied.
    let bytes = KeyFile::of(folder, None).read()?;
    let vault = Vault::of(&*bytes).ok_or_else(|| CopyError::OtherMasterKey(folder.join(MASTER_KEY)))?;
    let sealed = vault.encrypt(SEALED, SEALED).map_err(MasterKeyError::from)?;
    Store::migrate_postgres(address.clone(), None).await?;
    let (parts, receiver) = mpsc::channel(ON_THE_WAY);
    let database = folder.join(DATABASE);
    let sending = tokio::task::spawn_blocking(move || sqlite_copy::send(&database, &parts));
    let taken = postgres_copy::take(address, copying(receiver, vault, progress), sealed, &event).await;
    Ok((sending.await.map_err(|_| StoreError::Panicked)?, taken))
}

async fn to_folder(
    address: DatabaseAddress,
    folder: &Path,
    machine: &Path,
    event: NewEvent,
    progress: Progress,
) -> Result<Outcome, CopyError> {
    let bytes = KeyFile::of(machine, None).read()?;
    let other = || CopyError::OtherMasterKey(machine.join(MASTER_KEY));
    let vault = Vault::of(&*bytes).ok_or_else(other)?;
    let sealed = Store::open_for_work(address.clone()).await?.seal(None).await?;
    if sealed.is_some_and(|sealed| vault.decrypt(SEALED, &sealed).is_none()) {
        return Err(other());
    }
    check_owners(folder)?;
    own_folder(folder)?;
    let key = folder.join(MASTER_KEY);
    if folder.join(DATABASE).exists() || key.exists() && *KeyFile::of(folder, None).read()? != *bytes {
        return Err(CopyError::NotEmpty(folder.display().to_string()));
    }
    let failed = |source| CopyError::Write { path: folder.to_owned(), source };
    let work = WorkFolder::create(folder).map_err(failed)?;
    let (parts, receiver) = mpsc::channel(ON_THE_WAY);
    let (staged, copying) = (work.path(DATABASE), copying(receiver, vault, progress));
    let path = staged.clone();
    let taking = tokio::task::spawn_blocking(move || sqlite_copy::take(&path, copying, &event));
    let sent = postgres_copy::send(address, &parts).await;
    drop(parts);
    let taken = taking.await.map_err(|_| StoreError::Panicked)?;
    if taken.is_ok() {
        File::open(&staged).and_then(|file| file.sync_all()).map_err(failed)?;
        work.write_master_key(&*bytes).map_err(failed)?;
        work.place(folder).map_err(failed)?;
    }
    Ok((sent, taken))
}

fn copying(parts: mpsc::Receiver<super::store::Part>, vault: Vault, progress: Progress) -> Copying {
    Copying { parts, opens: Box::new(move |id, secret| vault.decrypt(id, secret).is_some()), progress }
}
