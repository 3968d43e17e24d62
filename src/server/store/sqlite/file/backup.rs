//! Backups of a database: a copy of it in one file, with the master key in a table of its own.
//!
//! The table `backup` has one row: the version of this form, when and by which version of the program it was made, how
//! many keys and administrators there are, and the master key.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use zeroize::Zeroizing;

use crate::server::store::backup::{Comparison, Manifest, OpenedBackup};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::sqlite::connection::connect::connect_unchanged;
use crate::server::store::sqlite::file::main_file::MainFileWatch;
use crate::server::store::sqlite::file::migrate;
use crate::server::store::sqlite::keys::row::time;
use crate::server::store::sqlite::{events, revocations};
use crate::server::store::tokens::signing_keys::NewSigningKey;

/// What the header of the file says of its program: "LKBK".
const APPLICATION: u32 = 0x4c4b_424b;
/// The version of this form.
const FORM: u32 = 1;
/// How many secrets are tried with the master key.
const SAMPLES: u32 = 16;

/// What it holds isn't what it says it holds.
const BROKEN: StoreError = StoreError::Damaged("its content doesn't match its own list");

/// A path as `SQLite` takes it, which is bytes.
struct PathText<'a>(&'a Path);

impl rusqlite::ToSql for PathText<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_os_str().as_bytes())))
    }
}

/// Copies the database at `path` as it is at this moment, also while others work on it, into the new file `copy`, and
/// adds the master key.
pub(crate) fn write(path: &Path, copy: &Path, master_key: &[u8], now: DateTime<Utc>) -> Result<Manifest, StoreError> {
    let (_, connection) = MainFileWatch::begin(path, || connect_unchanged(path))?;
    migrate::check_is_ours(&connection)?;
    migrate::is_due(&connection)?; // an older version is copied as it is, a newer one may have what is not known here
    connection.execute("VACUUM INTO ?1", [PathText(copy)])?;
    drop(connection);
    let connection = alone(copy)?;
    // Before there were rotations there was no such column.
    let sql = "SELECT old_master_key IS NOT NULL FROM store";
    if connection.query_row(sql, [], |row| row.get(0)).unwrap_or(false) {
        return Err(StoreError::OtherMasterKey);
    }
    let (keys, administrators) = counts(&connection)?;
    let manifest = Manifest { created_at: now, program: env!("CARGO_PKG_VERSION").to_owned(), keys, administrators };
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.execute_batch(
        "CREATE TABLE backup (
             form INTEGER NOT NULL, created_at INTEGER NOT NULL, program TEXT NOT NULL, keys INTEGER NOT NULL,
             administrators INTEGER NOT NULL, master_key BLOB NOT NULL
         ) STRICT",
    )?;
    connection.execute(
        "INSERT INTO backup VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            FORM,
            now.timestamp_millis(),
            manifest.program,
            keys.cast_signed(),
            administrators.cast_signed(),
            master_key
        ],
    )?;
    Ok(manifest)
}

/// Reads and checks a backup, all of it.
///
/// # Errors
///
/// [`StoreError::Foreign`] if it is none, [`StoreError::Newer`] if a newer program made it, [`StoreError::Damaged`].
pub(crate) fn open(path: &Path) -> Result<OpenedBackup, StoreError> {
    let connection = alone(path)?;
    let application: u32 = match connection.query_row("PRAGMA application_id", [], |row| row.get(0)) {
        Ok(application) => application,
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(StoreError::Foreign);
        }
        Err(error) => return Err(error.into()),
    };
    if application != APPLICATION {
        return Err(StoreError::Foreign);
    }
    let found = connection.query_row("SELECT form FROM backup", [], |row| row.get(0))?;
    if found > FORM {
        return Err(StoreError::Newer { found, known: FORM });
    }
    migrate::is_due(&connection)?;
    let state: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if state != "ok" {
        return Err(BROKEN);
    }
    let sql = "SELECT created_at, program, keys, administrators, master_key FROM backup";
    let (manifest, master_key) = connection.query_row(sql, [], |row| {
        let count = |n| row.get::<_, i64>(n).map(i64::cast_unsigned);
        let manifest = Manifest {
            created_at: time(row.get(0)?),
            program: row.get(1)?,
            keys: count(2)?,
            administrators: count(3)?,
        };
        Ok((manifest, Zeroizing::new(row.get::<_, Vec<u8>>(4)?)))
    })?;
    if counts(&connection)? != (manifest.keys, manifest.administrators) {
        return Err(BROKEN);
    }
    let sql = "SELECT keys.id, sealed.secret FROM sealed JOIN keys USING (seq)
               WHERE seq % max(1, (SELECT max(seq) FROM keys) / ?1) = 0 OR seq = (SELECT max(seq) FROM sealed) LIMIT ?1";
    let mut statement = connection.prepare(sql)?;
    let samples = statement.query_map([SAMPLES], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(OpenedBackup { manifest, master_key, samples: samples.collect::<Result<_, _>>()? })
}

/// Makes the database of a backup again: without the master key, of this version, and so that neither access tokens nor
/// sessions from before are good. Its signing keys may have been replaced since because others know them: there is
/// a new one.
pub(crate) fn unpack(
    path: &Path,
    made_at: DateTime<Utc>,
    signing_key: &NewSigningKey,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut connection = alone(path)?;
    connection.execute_batch("PRAGMA secure_delete = ON; DROP TABLE backup; PRAGMA application_id = 0;")?;
    migrate::migrate(&mut connection)?;
    let transaction = connection.transaction()?;
    revocations::revoke_all_tokens(&transaction, now)?;
    revocations::add_signing_key(&transaction, signing_key)?;
    transaction.execute("DELETE FROM sessions", [])?;
    // Another store from now on: files of the one before don't belong to it.
    transaction.execute("UPDATE store SET id = lower(hex(randomblob(16))), base = 0", [])?;
    for kind in [EventKind::TokensRevoked, EventKind::SessionsRevoked, EventKind::Restored] {
        let detail =
            (kind == EventKind::Restored).then(|| format!("backup of {}", made_at.format("%Y-%m-%dT%H:%M:%SZ")));
        events::insert(&transaction, &NewEvent { detail, ..NewEvent::of(actor, Subject::Server, kind, now) })?;
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}

/// What the backup at `backup` has otherwise than the database at `path`.
pub(crate) fn compare(path: &Path, backup: &Path) -> Result<Comparison, StoreError> {
    let connection = connect_unchanged(path)?;
    migrate::check_is_ours(&connection)?;
    connection.execute("ATTACH ?1 AS old", [PathText(backup)])?;
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let only_in = |here: &str, there: &str, table: &str, column: &str| {
        format!("FROM {here}.{table} WHERE {column} NOT IN (SELECT {column} FROM {there}.{table})")
    };
    let is_never = i64::MAX;
    Ok(Comparison {
        keys: count("SELECT count(*) FROM main.keys")?,
        administrators: count("SELECT count(*) FROM main.administrators")?,
        is_new: count("SELECT EXISTS (SELECT 1 FROM main.events) + EXISTS (SELECT 1 FROM main.keys)")? == 0,
        deleted_keys: count(&format!("SELECT count(*) {}", only_in("old", "main", "keys", "id")))?,
        newer_keys: count(&format!("SELECT count(*) {}", only_in("main", "old", "keys", "id")))?,
        revived_keys: count(&format!(
            "SELECT count(*) FROM old.keys o JOIN main.keys k USING (id) WHERE o.switched_off < k.switched_off
                 OR ifnull(o.expires_at, {is_never}) > ifnull(k.expires_at, {is_never})"
        ))?,
        removed_administrators: names(&format!(
            "SELECT username {} ORDER BY 1",
            only_in("old", "main", "administrators", "username")
        ))?,
        newer_administrators: names(&format!(
            "SELECT username {} ORDER BY 1",
            only_in("main", "old", "administrators", "username")
        ))?,
        older_passwords: names(
            "SELECT username FROM old.administrators o JOIN main.administrators a USING (username)
             WHERE o.password <> a.password ORDER BY 1",
        )?,
        other_roles: names(
            "SELECT username FROM old.administrators o JOIN main.administrators a USING (username)
             WHERE o.role <> a.role ORDER BY 1",
        )?,
    })
}

/// Opens a file that only this process uses, so that nothing is written beside it.
fn alone(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let _: Option<Value> =
        connection.query_row("PRAGMA journal_mode = MEMORY", [], |row| row.get(0)).optional().or_else(|error| {
            // What isn't a database is told by what follows.
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) { Ok(None) } else { Err(error) }
        })?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;")?;
    Ok(connection)
}

fn counts(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let sql = "SELECT (SELECT count(*) FROM keys), (SELECT count(*) FROM administrators)";
    let (keys, administrators) =
        connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    Ok((keys.cast_unsigned(), administrators.cast_unsigned()))
}
