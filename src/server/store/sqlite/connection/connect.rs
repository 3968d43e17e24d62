//! Opening a connection to the database file.

use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use url::Url;

use crate::server::store::error::StoreError;
use crate::server::store::sqlite::file::migrate;
use crate::server::store::sqlite::keys::row;

/// How long to wait for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon to retry what does not wait by itself.
const AGAIN: Duration = Duration::from_millis(5);
/// Prepared statements of a connection: enough for every form of the list, small in memory.
const STATEMENTS: usize = 48;

/// `SQLite` gives its other files the mode of the first.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file.set_permissions(Permissions::from_mode(0o600)).map_err(StoreError::files(path)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::files(path)(error)),
    }
}

/// The page cache of a connection; negative, so in KiB.
pub(crate) const CACHE: i32 = -1500;

/// `synchronous = FULL`: what was answered survives a power cut. A small page cache: the system has one too.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate::check_is_ours(&connection)?;
    log_ahead(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = {CACHE}; PRAGMA temp_store = MEMORY;"
    ))?;
    Ok(connection)
}

/// Opens a database whose folder can't be written. `SQLite` reads a write-ahead log through an index beside it, which it
/// can't make there. Without a log none is needed; otherwise it is kept in memory, which takes a connection that shares
/// nothing and locks nothing (sqlite.org/wal.html, sections 5 and 8).
pub(crate) fn connect_read_only(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect_unchanged(path)?;
    as_of_now(&connection)?;
    Ok(connection)
}

/// Opens a database of any version to read it as it is.
pub(crate) fn connect_unchanged(path: &Path) -> Result<Connection, StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    let alone = if has_log { "vfs=unix-none" } else { "immutable=1" };
    open_read_only(path, "").or_else(|_| open_read_only(path, alone))
}

/// Opens a database to read it only, with `parameters` of its URI (sqlite.org/uri.html).
pub(crate) fn open_to_read(path: &Path, parameters: &str) -> Result<Connection, StoreError> {
    let absolute = std::path::absolute(path).map_err(StoreError::files(path))?;
    let mut url =
        Url::from_file_path(&absolute).map_err(|()| StoreError::files(path)(ErrorKind::InvalidInput.into()))?;
    url.set_query(Some(parameters));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(url.as_str(), flags)?)
}

fn open_read_only(path: &Path, parameters: &str) -> Result<Connection, StoreError> {
    let connection = open_to_read(path, parameters)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if parameters.starts_with("vfs") {
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    }
    connection.execute_batch(&format!("PRAGMA cache_size = {CACHE}; PRAGMA temp_store = MEMORY;"))?;
    migrate::check_is_ours(&connection)?;
    Ok(connection)
}

/// Milliseconds since 1970, in SQL.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Shows keys and counts as they are at this moment.
fn as_of_now(connection: &Connection) -> Result<(), StoreError> {
    if migrate::is_due(connection)? {
        return Err(StoreError::Older);
    }
    // Stored states and their counts are brought up to date by a write, which is not possible here: a view in place of
    // each table has those of this moment.
    connection.execute_batch(&format!(
        "CREATE TEMP VIEW keys AS SELECT {}, generation, CASE
             WHEN expires_at <= {NOW} THEN 1 WHEN reactivates_at <= {NOW} THEN 0 ELSE 2 * switched_off END AS state
         FROM main.keys;
         CREATE TEMP VIEW counts AS SELECT state, count(*) AS n FROM keys GROUP BY state;
         SELECT seq FROM keys LIMIT 1;",
        row::columns().replace(", state,", ",")
    ))?;
    Ok(())
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
    use crate::server::store::sqlite::connection::connect::*;

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
