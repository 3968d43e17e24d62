//! The keys in their `SQLite` database, behind a handful of methods. Everything here may block.

mod fold;
mod keys;
mod keyset;
pub mod sqlite;
mod status;

use std::fs;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::auth::vault::Vault;
use sqlite::connections::Connections;

pub(crate) use keys::{Change, CreateOutcome, ExpiryChange, KeyCredential, KeyInsert, KeyRow, PageQuery, Use};
pub(crate) use keyset::{Keyset, SortValue};
pub use sqlite::administrators::{Administrator, Removal};
pub(crate) use sqlite::cancel::{Cancel, GiveUpOnDrop};
pub(crate) use sqlite::edit::{index_all, insert};
pub use sqlite::error::StoreError;
pub(crate) use sqlite::events::{EventKind, NewEvent, StoredEvent};
pub(crate) use sqlite::sessions::{Digest, LIFETIME as SESSION_LIFETIME, NewSession};
pub(crate) use status::{rank, status};

/// All keys of one data folder, and the master key that their secrets are encrypted with.
#[derive(Clone)]
pub struct Store(Arc<StoreInner>);

struct StoreInner {
    connections: Connections,
    vault: Vault,
}

impl Store {
    /// Opens the store in `folder`; makes folder, database and master key where they are missing.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        own_folder(folder)?;
        let connections = Connections::open(folder.join("keys.db"))?;
        let sample = connections.read(&Cancel::default(), |connection| {
            let sql = "SELECT id, secret FROM sealed JOIN keys USING (seq) LIMIT 1";
            let sample = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            Ok::<Option<(String, Vec<u8>)>, _>(sample)
        })?;
        let path = folder.join("master.key");
        let vault = Vault::open(&path, sample.is_some())?;
        if sample.is_some_and(|(id, encrypted)| vault.decrypt(&id, &encrypted).is_none()) {
            let why = "it belongs to another database; restore both from the same backup";
            return Err(StoreError::MasterKey { path, why });
        }
        Ok(Self(Arc::new(StoreInner { connections, vault })))
    }

    /// What seals and signs.
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn read<T>(
        &self,
        cancel: &Cancel,
        job: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.0.connections.read(cancel, job)
    }

    /// Moves everything from the write-ahead log into the database file.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        self.read(&Cancel::default(), |connection| {
            Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
        })
    }

    /// Runs `job` as one transaction.
    pub(crate) fn write<T>(
        &self,
        job: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.0.connections.write(job)
    }
}

/// Makes the folder for us alone, or checks that nobody else can put files into it.
fn own_folder(folder: &Path) -> Result<(), StoreError> {
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StoreError::files(folder))?;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(StoreError::files(folder))?;
    }
    let mode = fs::metadata(folder).map_err(StoreError::files(folder))?.mode();
    if mode & 0o022 == 0 { Ok(()) } else { Err(StoreError::OpenFolder(folder.to_owned())) }
}
