//! The few connections to the database file, opened when they are first needed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::server::store::error::StoreError;
use crate::server::store::sqlite::connection::cancel::Cancel;
use crate::server::store::sqlite::connection::connect::{connect, connect_read_only, create};
use crate::server::store::sqlite::file::file_id::FileId;
use crate::server::store::sqlite::file::main_file::MainFileWatch;
use crate::server::store::sqlite::file::migrate;
use crate::server::store::sqlite::file::reserve::Reserve;
use crate::server::store::sqlite::revocations::RevocationWatch;

/// One writer and a few readers: as many as work at the same time, which is for their callers to bound.
pub(crate) struct Connections {
    path: PathBuf,
    /// The files that the connections have open, by their paths.
    files: Vec<(PathBuf, FileId)>,
    /// What is in the first of them; unless nothing can be written.
    main: Option<MainFileWatch>,
    is_read_only: bool,
    reserve: Reserve,
    writer: Mutex<Option<Connection>>,
    /// Those that are free.
    readers: Mutex<Vec<Connection>>,
    pub(crate) revocations: RevocationWatch,
}

impl Connections {
    /// Opens the database; creates or migrates it where needed.
    pub(crate) fn open_or_create(path: PathBuf) -> Result<Self, StoreError> {
        create(&path)?;
        let (mut main, mut first) = MainFileWatch::begin(&path, || connect(&path))?;
        let mut writer = None;
        if migrate::is_due(&first)? {
            migrate::migrate(&mut first)?;
            main.migrated(&first)?;
            writer = Some(first);
            first = connect(&path)?;
        }
        let opened = Self { writer: Mutex::new(writer), main: Some(main), ..Self::of(path, first, false) };
        // On a full disk the next write says so; reading needs no space.
        let _ = opened.reserve.make();
        Ok(opened)
    }

    /// Opens an existing database whose folder can't be written.
    pub(crate) fn read_only(path: PathBuf) -> Result<Self, StoreError> {
        let first = connect_read_only(&path)?;
        Ok(Self::of(path, first, true))
    }

    fn of(path: PathBuf, first: Connection, is_read_only: bool) -> Self {
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        let files = [path.clone(), log.into()].into_iter().filter_map(|path| FileId::at(&path).map(|id| (path, id)));
        Self {
            files: files.collect(),
            reserve: Reserve::beside(&path),
            main: None,
            path,
            is_read_only,
            writer: Mutex::default(),
            readers: Mutex::new(vec![first]),
            revocations: RevocationWatch::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Fails if the files that the connections have open are no longer those at their paths, or if another file's
    /// content is in the first.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (path, id) in &self.files {
            let found = std::fs::metadata(path);
            if id.is_gone(&found) {
                return Err(StoreError::Gone(path.clone()));
            }
            if let (Some(main), Ok(about)) = (&self.main, found)
                && *path == self.path
            {
                main.check(&about)?;
            }
        }
        Ok(())
    }

    /// Runs `job` on a reader, so that everything it reads is of one moment.
    pub(crate) fn read<T>(
        &self,
        cancel: &Cancel,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check()?;
        cancel.check()?;
        let mut lent = self.borrow()?;
        let _running = cancel.watch(lent.connection()?)?;
        let transaction = lent.connection()?.transaction()?;
        job(&transaction)
    }

    /// Runs `job` as one transaction: all of it is stored, or nothing. Fails also if it was stored in files that are gone.
    pub(crate) fn write<T>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.is_read_only {
            self.reserve.make()?;
        }
        self.transact(job)
    }

    /// The same for what takes rights away: on a full disk it takes the space that is set aside.
    pub(crate) fn write_urgent<T>(
        &self,
        job: impl Fn(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.transact(&job) {
            Err(StoreError::Full) if self.reserve.give_back() => self.transact(&job),
            done => done,
        }
    }

    /// Sets space aside for what is urgent.
    pub(crate) fn set_aside(&self) -> Result<(), StoreError> {
        self.reserve.make()
    }

    /// Frees the space that is set aside; false if there is none.
    pub(crate) fn give_back(&self) -> bool {
        self.reserve.give_back()
    }

    /// Runs `job` as one transaction.
    pub(crate) fn transact<T>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.is_read_only {
            return Err(StoreError::ReadOnly);
        }
        self.check()?;
        let mut slot = lock(&self.writer);
        if slot.is_none() {
            *slot = Some(connect(&self.path)?);
        }
        let Some(connection) = slot.as_mut() else { return Err(StoreError::Busy) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = job(&transaction)?;
        let base = self.main.as_ref().map_or(Ok(None), |main| main.note(&transaction))?;
        transaction.commit()?;
        if let Some(main) = &self.main {
            main.noted(base);
        }
        self.check()?;
        Ok(done)
    }

    /// A new connection that reads.
    pub(crate) fn open(&self) -> Result<Connection, StoreError> {
        if self.is_read_only { connect_read_only(&self.path) } else { connect(&self.path) }
    }

    fn borrow(&self) -> Result<Lent<'_>, StoreError> {
        let free = lock(&self.readers).pop();
        let connection = free.map_or_else(|| self.open(), Ok)?;
        Ok(Lent { pool: self, connection: Some(connection) })
    }
}

/// A reader that is returned when dropped.
struct Lent<'a> {
    pool: &'a Connections,
    connection: Option<Connection>,
}

impl Lent<'_> {
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Busy)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        lock(&self.pool.readers).extend(self.connection.take());
    }
}

/// A panic under the lock leaves the connection whole: its transaction was rolled back when dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
