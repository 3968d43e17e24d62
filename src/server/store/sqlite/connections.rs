//! The few connections to the database file, opened when they are first needed.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::cancel::Cancel;
use super::migrate;
use crate::server::store::error::StoreError;

/// Each takes memory, and the machine's file cache serves all.
const MOST_READERS: usize = 2;
/// How long to wait for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon to retry what does not wait by itself.
const AGAIN: Duration = Duration::from_millis(5);
/// Prepared statements of a connection: enough for every form of the list, small in memory.
const STATEMENTS: usize = 48;

/// One writer and up to two readers.
pub(crate) struct Connections {
    path: PathBuf,
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Readers>,
    returned: Condvar,
}

#[derive(Default)]
struct Readers {
    free: Vec<Connection>,
    lent: usize,
}

impl Connections {
    /// Opens the database; creates or migrates it where needed.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        create(&path)?;
        let mut first = connect(&path)?;
        let mut writer = None;
        if migrate::is_due(&first)? {
            migrate::migrate(&mut first)?;
            writer = Some(first);
            first = connect(&path)?;
        }
        let readers = Mutex::new(Readers { free: vec![first], lent: 0 });
        Ok(Self { path, writer: Mutex::new(writer), readers, returned: Condvar::new() })
    }

    /// Runs `job` on a reader, so that everything it reads is of one moment.
    pub(crate) fn read<T>(
        &self,
        cancel: &Cancel,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut lent = self.borrow(cancel)?;
        let _running = cancel.watch(lent.connection()?)?;
        let transaction = lent.connection()?.transaction()?;
        job(&transaction)
    }

    /// Runs `job` as one transaction: all of it is stored, or nothing.
    pub(crate) fn write<T>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut slot = lock(&self.writer);
        if slot.is_none() {
            *slot = Some(connect(&self.path)?);
        }
        let Some(connection) = slot.as_mut() else { return Err(StoreError::Busy) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = job(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    fn borrow(&self, cancel: &Cancel) -> Result<Lent<'_>, StoreError> {
        let mut readers = lock(&self.readers);
        loop {
            cancel.check()?;
            if let Some(connection) = readers.free.pop() {
                readers.lent += 1;
                return Ok(Lent { pool: self, connection: Some(connection) });
            }
            if readers.lent < MOST_READERS {
                readers.lent += 1;
                let mut lent = Lent { pool: self, connection: None };
                drop(readers);
                lent.connection = Some(connect(&self.path)?);
                return Ok(lent);
            }
            readers = self.returned.wait(readers).unwrap_or_else(PoisonError::into_inner);
        }
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
        let mut readers = lock(&self.pool.readers);
        readers.lent -= 1;
        readers.free.extend(self.connection.take());
        drop(readers);
        self.pool.returned.notify_one();
    }
}

/// A panic under the lock leaves the connection whole: its transaction was rolled back when dropped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `SQLite` gives its other files the mode of the first.
fn create(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file.set_permissions(Permissions::from_mode(0o600)).map_err(StoreError::files(path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::files(path)(error)),
    }
}

/// `synchronous = FULL`: what was answered survives a power cut. A small page cache: the system has one too.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    log_ahead(&connection)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -1500; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// Turns the write-ahead log on. Where several do so for a new database at once, `SQLite` tells all but one that it is
/// busy, without waiting: they might wait for each other.
#[expect(clippy::disallowed_methods, reason = "SQLite gives no sign when its lock is free")]
fn log_ahead(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL").map_err(StoreError::from) {
            Err(StoreError::Busy) if Instant::now() < until => std::thread::sleep(AGAIN),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What runs code or touches files beside the database. `SQLite` is built with support for extensions, and refuses
    /// them before it looks for the file: the connection never allows them.
    #[test]
    fn a_connection_loads_no_code_and_touches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        create(&path).unwrap();
        let connection = connect(&path).unwrap();
        let ask = |sql: &str| connection.query_row(sql, [], |_| Ok(())).unwrap_err().to_string();
        for sql in ["SELECT load_extension('latchkey')", "SELECT load_extension('latchkey', 'entry')"] {
            assert!(ask(sql).contains("not authorized"), "{sql}: {}", ask(sql));
        }
        assert!(ask("SELECT fts3_tokenizer('simple', x'00')").contains("fts3tokenize disabled"));
        for sql in ["SELECT readfile('/etc/passwd')", "SELECT writefile('x', 'y')", "SELECT edit('x')"] {
            assert!(ask(sql).contains("no such function"), "{sql}: {}", ask(sql));
        }
    }
}
