//! Why the store could not do something, in words for the administrator.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why the store could not do something, whatever engine it has.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("can't use {path}: {source}; check that the folder exists and that you can write to it")]
    Files {
        /// The folder or file.
        path: PathBuf,
        source: io::Error,
    },
    #[error("the disk is full: free some space; everything confirmed so far is safe")]
    Full,
    /// The database isn't one, or is broken; holds what the engine advises.
    #[error("the database is damaged: {0}")]
    Damaged(&'static str),
    /// A database of another program.
    #[error("keys.db is another program's database: choose another folder, or move that file away")]
    Foreign,
    #[error(
        "the database has version {found}, but this program supports versions up to {known}; use a newer \
        latchkey"
    )]
    Newer {
        /// The database's version.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// Another process holds the database for too long.
    #[error("another program keeps the database busy: wait, or stop that program")]
    Busy,
    /// Every connection to a database server is in use for too long.
    #[error("all connections to the database are in use: try again")]
    Crowded,
    /// A database server gave a transaction up for another one. It can be tried again at once.
    #[error("the database gave this up for something else that needed the same rows: try again")]
    GivenUp,
    /// The database was removed or replaced under an open connection, which goes on with a file that has no name any more.
    #[error(
        "{0} was removed or replaced while latchkey was using it: what was stored since then is lost; put the file \
         back and start latchkey again"
    )]
    Gone(PathBuf),
    /// An older copy of the database, or another one, beside the log of this one.
    #[error(
        "{0} isn't the file that the changes in its -wal file were made to: an older copy was put in its place. Bring \
         the right file back, or move the -wal and -shm files away to go on with this one as it is"
    )]
    Mixed(PathBuf),
    #[error("the data folder can't be written, so nothing can be changed")]
    ReadOnly,
    #[error(
        "the database is of an older version and must be updated first: open it once without --read-only where it \
         can be written"
    )]
    Older,
    /// A database server that can't be connected to or gives no answer; holds its words, or those of the network.
    #[error("the database can't be reached: {0}; check that it runs, and its address")]
    Unreachable(String),
    /// A database server's database that this program can't work with; holds what is wrong and what to do.
    #[error("the database can't be used: {0}")]
    Unsuited(&'static str),
    /// Something is to be copied there.
    #[error("the database isn't empty")]
    Occupied,
    /// What was revoked meanwhile is not known.
    #[error(
        "the database has not answered for some time, and what was revoked since then isn't known: wait, or see why"
    )]
    Stale,
    /// What was to be stored is encrypted with a master key that was replaced meanwhile.
    #[error("the master key was replaced meanwhile: try again")]
    OtherMasterKey,
    #[error("the request was cancelled")]
    Cancelled,
    /// The call panicked, which the panic hook has reported.
    #[error("an internal error ended the call; see panic.log in the state folder")]
    Panicked,
    /// Any other error of the engine.
    #[error("the database reports: {0}")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Names the file that the system's error is about.
    pub(crate) fn files(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Files { path, source },
        }
    }
}
