//! The engine: what its calls have in common.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, Transaction};
use tokio::sync::oneshot;

use crate::server::store::error::StoreError;
use crate::server::store::sqlite::connection::cancel::{Cancel, CancelOnDrop};
use crate::server::store::sqlite::connection::connections::Connections;
use crate::server::store::sqlite::connection::grouped::{Write, WriteQueue};
use crate::server::store::sqlite::connection::lanes;
use crate::server::store::sqlite::connection::lanes::{Job, Lane, Lanes};

/// The store in one `SQLite` database.
#[derive(Clone)]
pub(crate) struct SqliteStore(Arc<Inner>);

struct Inner {
    connections: Connections,
    lanes: Lanes,
    waiting: WriteQueue,
}

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
        let connections = connections.map_err(|_| StoreError::Panicked)??;
        Ok(Self(Arc::new(Inner { connections, lanes: Lanes::new(), waiting: WriteQueue::default() })))
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.0.connections.is_read_only()
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.0.connections.check()
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Writes the version again: a page of the log, as every change does.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok(transaction.pragma_update(None, "user_version", version)?)
        })
        .await
    }

    /// Looks something up: runs `job` on a reader, so that everything it reads is of one moment. Dropping the future ends
    /// it.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(Lane::Lookup, |connections, cancel| connections.read(cancel, job)).await
    }

    /// The same, of many rows.
    pub(super) async fn read_many<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &Cancel) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(Lane::List, |connections, cancel| connections.read(cancel, |connection| job(connection, cancel))).await
    }

    /// Runs `job` as one transaction, to its end also if the future is dropped.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(Lane::Write, |connections, _| connections.write(job)).await
    }

    /// The same for what takes rights away, which is stored also when the disk is full.
    pub(super) async fn write_urgent<T: Send + 'static>(
        &self,
        job: impl Fn(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(Lane::Write, |connections, _| connections.write_urgent(job)).await
    }

    /// The same for one of many changes, which is urgent if it takes rights away: those that wait for their turn are
    /// stored together.
    pub(super) async fn write_grouped<T: Send + 'static>(
        &self,
        is_urgent: bool,
        job: impl Fn(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (write, mut stored) = Write::new(is_urgent, job);
        let number = self.0.waiting.add(Box::new(write));
        let turn = tokio::select! {
            biased;
            stored = &mut stored => return stored.map_err(|_| StoreError::Panicked)?,
            turn = self.0.lanes.turn(Lane::Write) => turn,
        };
        match turn {
            Err(error) if self.0.waiting.withdraw(number) => return Err(error),
            Err(_) => {} // another thread is making it
            Ok(turn) => {
                let writes = self.0.waiting.take();
                if !writes.is_empty() {
                    let inner = Arc::clone(&self.0);
                    tokio::task::spawn_blocking(move || {
                        let _turn = turn; // until all are made, also if their callers are gone
                        inner.connections.write_group(writes);
                    });
                }
            }
        }
        stored.await.map_err(|_| StoreError::Panicked)?
    }

    /// Runs `job` on a thread where it may block, when it is its turn. Dropping the future cancels its reads.
    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        job: impl FnOnce(&Connections, &Cancel) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.0.lanes.turn(lane).await?;
        let inner = Arc::clone(&self.0);
        let cancel = Cancel::default();
        let _guard = CancelOnDrop(cancel.clone());
        let (sender, done) = oneshot::channel();
        // Boxed: a type of task for each call would add 150 KB to the program.
        let job: Job = Box::new(move || {
            let result = job(&inner.connections, &cancel);
            drop(turn); // only now, also if its caller is gone
            drop(inner); // before the caller continues: it may close the database next
            let _ = sender.send(result);
        });
        if lane == Lane::List && lanes::serves_many() {
            lanes::run_aside(job)?;
        } else {
            tokio::task::spawn_blocking(job);
        }
        done.await.map_err(|_| StoreError::Panicked)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_that_panics_fails_and_leaves_its_lane() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("keys.db")).await.unwrap();
        for _ in 0..20 {
            let looked_up = store.read::<()>(|_| panic!("a bug")).await;
            assert!(matches!(looked_up, Err(StoreError::Panicked)));
            let listed = store.read_many::<()>(|_, _| panic!("a bug")).await;
            assert!(matches!(listed, Err(StoreError::Panicked)));
        }
        let count = |connection: &Connection| connection.query_row("SELECT count(*) FROM keys", [], |row| row.get(0));
        assert_eq!(store.read_many::<i64>(move |connection, _| Ok(count(connection)?)).await.unwrap(), 0);
    }
}
