//! A whole database as rows, and back.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, params_from_iter};

use crate::domain::key::fields::written;
use crate::server::store::copy::{
    AT_ONCE, CopiedRows, Copying, FILLED, KEYS, Part, Parts, Stored, Table, UNREADABLE, Value, tables,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::NewEvent;
use crate::server::store::sqlite::connection::connect::{connect, create};
use crate::server::store::sqlite::events;
use crate::server::store::sqlite::file::migrate;
use crate::server::store::sqlite::keys::edit::stored;
use crate::server::store::sqlite::keys::row::document;

/// How long to wait for another process that is closing the database.
const PATIENCE: Duration = Duration::from_secs(1);
/// The page cache while all is written, in KiB (hence negative).
const LARGE_CACHE: i32 = -131_072;

/// Sends all of the database in this file, of the version of this program, and keeps everybody else from it meanwhile.
///
/// # Errors
///
/// [`StoreError::Busy`] if another process has it open.
pub(crate) fn send(path: &Path, parts: &Parts) -> Result<(), StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    // Before anything is read: with its log, the file is then locked as long as this is open.
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;")?;
    let mut total = 0;
    for table in tables() {
        total += count(&connection, &table)?;
    }
    sent(parts, Part::Total(total))?;
    for (place, table) in tables().iter().enumerate() {
        let from = if table.name == KEYS { "keys JOIN sealed USING (seq)" } else { table.name };
        let sql = format!("SELECT {} FROM {from} ORDER BY {}", table.names(), table.columns[0].0);
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut batch = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..table.columns.len()).map(|column| row.get_ref(column).map(value));
            batch.push(values.collect::<Result<Vec<_>, _>>()?);
            if batch.len() == AT_ONCE {
                sent(parts, Part::Rows(place, std::mem::take(&mut batch)))?;
            }
        }
        sent(parts, Part::Rows(place, batch))?;
    }
    connection.execute_batch("COMMIT")?;
    sent(parts, Part::End)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// Fails if the receiving side has failed, which reports the reason.
fn sent(parts: &Parts, part: Part) -> Result<(), StoreError> {
    parts.blocking_send(part).map_err(|_| StoreError::Cancelled)
}

/// Makes a database of parts in the new file `path`, and stores `event` last.
pub(crate) fn take(path: &Path, mut copying: Copying, event: &NewEvent) -> Result<CopiedRows, StoreError> {
    create(path)?;
    let mut connection = connect(path)?;
    migrate::migrate(&mut connection)?;
    connection.pragma_update(None, "cache_size", LARGE_CACHE)?;
    // The file isn't used until it is whole and synced.
    connection.execute_batch("PRAGMA synchronous = OFF")?;
    let transaction = connection.transaction()?;
    transaction.execute(&format!("DELETE FROM {FILLED}"), [])?;
    let (tables, mut counts) = (tables(), Stored::default());
    loop {
        match copying.parts.blocking_recv() {
            None => return Err(StoreError::Cancelled),
            Some(Part::Total(total)) => counts.expect(total),
            Some(Part::Rows(place, rows)) => {
                let table = &tables[place];
                for row in &rows {
                    if table.name == KEYS {
                        insert_key(&transaction, table, row)?;
                    } else {
                        insert(&transaction, table, row)?;
                    }
                }
                let (done, total) = counts.add(place, rows.len());
                (copying.progress)(done, total);
            }
            Some(Part::End) => break,
        }
    }
    transaction.execute(&format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys", document()), [])?;
    let found = tables.iter().map(|table| count(&transaction, table)).collect::<Result<Vec<_>, _>>()?;
    let copied = counts.check(&found)?;
    {
        let mut secrets = transaction.prepare("SELECT id, secret FROM keys JOIN sealed USING (seq)")?;
        let mut rows = secrets.query([])?;
        while let Some(row) = rows.next()? {
            let (id, secret) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_blob());
            if !(copying.opens)(id.map_err(rusqlite::Error::from)?, secret.map_err(rusqlite::Error::from)?) {
                return Err(StoreError::Unsuited(UNREADABLE));
            }
        }
    }
    events::insert(&transaction, event)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(copied)
}

fn count(connection: &Connection, table: &Table) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM {}", table.name);
    let count: Option<i64> = connection.query_row(&sql, [], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0).unsigned_abs())
}

fn insert(transaction: &Transaction<'_>, table: &Table, row: &[Value]) -> Result<(), StoreError> {
    let places = vec!["?"; row.len()].join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.names());
    transaction.prepare_cached(&sql)?.execute(params_from_iter(row.iter().map(of_value)))?;
    Ok(())
}

/// Stores a key, its folded texts and its secret.
fn insert_key(transaction: &Transaction<'_>, table: &Table, row: &[Value]) -> Result<(), StoreError> {
    let value = |name: &str| table.columns.iter().position(|(column, _)| *column == name).map(|place| &row[place]);
    let text = |name: &str| match value(name) {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    let is_text = |name: &str| written().any(|(field, _)| field.name == name);
    let plain = table.columns.iter().zip(row).filter(|((name, _), _)| *name != "secret" && !is_text(name));
    let (mut names, mut values): (Vec<String>, Vec<rusqlite::types::Value>) =
        plain.map(|((name, _), value)| ((*name).to_owned(), of_value(value))).unzip();
    for (name, text) in stored(text) {
        names.push(name);
        values.push(text.into());
    }
    let sql = format!("INSERT INTO keys ({}) VALUES ({})", names.join(", "), vec!["?"; names.len()].join(", "));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    let secret = [value("seq"), value("secret")].into_iter().flatten().map(of_value);
    transaction.prepare_cached("INSERT INTO sealed (seq, secret) VALUES (?, ?)")?.execute(params_from_iter(secret))?;
    Ok(())
}

fn of_value(value: &Value) -> rusqlite::types::Value {
    match value.clone() {
        Value::Null => rusqlite::types::Value::Null,
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => bytes.into(),
    }
}
