//! What can go wrong with the data, in words for the administrator.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder or a file in it cannot be made, read or written.
    #[error("cannot use {path}: {source}; check that the folder exists and that you may write to it")]
    Files {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may write to the data folder.
    #[error("other users may write to {0}: make it yours alone (chmod 700) and start again")]
    OpenFolder(PathBuf),
    /// No room for what was to be written.
    #[error("the disk is full: make room; what was confirmed so far is safe")]
    DiskFull,
    /// The database is not one, or is broken.
    #[error("the database is damaged: restore keys.db and master.key from a backup")]
    Damaged,
    /// A newer program has written the database; holds its version and ours.
    #[error("the database has version {found}, and this program knows versions up to {known}: use a newer program")]
    Newer {
        /// The database's version.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// There are encrypted secrets and no key to open them with.
    #[error("the file {0} is missing, and without it no secret can be opened: restore it from a backup")]
    MasterKeyMissing(PathBuf),
    /// The master key file is not safe to use or does not belong to this database.
    #[error("the master key {path} cannot be used: {why}")]
    MasterKey {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// Another process holds the database for too long.
    #[error("another program keeps the database busy: wait, or end that program")]
    Busy,
    /// Whoever asked is gone.
    #[error("the request was given up")]
    Interrupted,
    /// The folder to be filled already has keys.
    #[error("{0} already has keys: fill only an empty data folder")]
    NotEmpty(PathBuf),
    /// The system's random source failed.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Anything else that `SQLite` reports.
    #[error("the database reports: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Names the file that the system's error is about.
    pub(crate) fn files(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Files { path, source },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            // No room for the index of the write-ahead log, which SQLite makes at its full size.
            Some(ErrorCode::SystemIoFailure)
                if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHMSIZE) =>
            {
                Self::DiskFull
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            _ => Self::Sqlite(error),
        }
    }
}
