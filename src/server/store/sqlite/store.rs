//! The engine: what its calls have in common.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use super::cancel::{Cancel, CancelOnDrop};
use super::connections::Connections;
use crate::server::store::error::StoreError;

/// The store in one `SQLite` database.
#[derive(Clone)]
pub(crate) struct SqliteStore(Arc<Connections>);

impl SqliteStore {
    /// Opens the database in this file; creates or migrates it where needed.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        Self::of(move || Connections::open_or_create(path)).await
    }

    /// Opens the existing database in this file, of which nothing can be written.
    pub(crate) async fn read_only(path: PathBuf) -> Result<Self, StoreError> {
        Self::of(move || Connections::read_only(path)).await
    }

    async fn of(open: impl FnOnce() -> Result<Connections, StoreError> + Send + 'static) -> Result<Self, StoreError> {
        let connections = tokio::task::spawn_blocking(open).await;
        Ok(Self(Arc::new(connections.map_err(|_| StoreError::Panicked)??)))
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.0.is_read_only()
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.0.check()
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.0
    }

    /// Writes the version again: a page of the log, as every change does.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok(transaction.pragma_update(None, "user_version", version)?)
        })
        .await
    }

    /// Runs `job` on a reader, so that everything it reads is of one moment. Dropping the future ends it.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(|connections, cancel| connections.read(cancel, job)).await
    }

    /// Runs `job` as one transaction, to its end also if the future is dropped.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(|connections, _| connections.write(job)).await
    }

    /// Runs `job` on a thread where it may block. Dropping the future cancels its reads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connections, &Cancel) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connections = Arc::clone(&self.0);
        let cancel = Cancel::default();
        let _guard = CancelOnDrop(cancel.clone());
        tokio::task::spawn_blocking(move || job(&connections, &cancel)).await.map_err(|_| StoreError::Panicked)?
    }
}
