//! A whole database as rows, and back: one transaction each.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::args::{SqlArgs, args};
use super::{events, migrate};
use crate::domain::key::fields::written;
use crate::server::store::copy::{
    AT_ONCE, CopiedRows, Copying, FILLED, KEYS, Kind, Part, Parts, Stored, Table, UNREADABLE, Value, tables,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::NewEvent;
use crate::server::store::postgres::keys::edit::stored;
use crate::server::store::postgres::keys::row::TABLES;
use crate::server::store::postgres::network::address::DatabaseAddress;
use crate::server::store::postgres::network::connection::{Lent, Pool};

/// For transactions that take as long as there are keys: what a lock waits for stays as it is.
const FOR_LONG: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// How long two looks at the servers are apart: longer than an answer to one of them may take.
const LOOKED_FOR: Duration = Duration::from_secs(3);

/// What a column of [`tables`] is called here, where a key is `k` and its use `u`.
fn column(table: &Table, name: &str) -> String {
    match (table.name, name) {
        (KEYS, "last_used_at") => "u.at".to_owned(),
        (KEYS, "last_used_from") => "u.source".to_owned(),
        (KEYS, "late_use_at" | "refused_at" | "refused_from") => format!("u.{name}"),
        (KEYS, name) => format!("k.{name}"),
        (FILLED, "at") => "(extract(epoch FROM at) * 1000)::bigint".to_owned(),
        (_, name) => name.to_owned(),
    }
}

fn from(table: &Table) -> &str {
    if table.name == KEYS { TABLES } else { table.name }
}

/// The words that the servers on a database last stored of themselves.
async fn beats(connection: &mut Lent<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = connection.rows("SELECT id, beat FROM servers ORDER BY id", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Begins a transaction in which no other session changes anything and no server runs.
async fn alone<'a>(pool: &'a Pool, mode: &str) -> Result<Lent<'a>, StoreError> {
    let mut connection = pool.lend().await?;
    migrate::check(&mut connection).await?;
    let before = beats(&mut connection).await?;
    if !before.is_empty() {
        tokio::time::sleep(LOOKED_FOR).await;
    }
    drop(connection);
    let mut transaction = pool.begin_to_read().await?;
    transaction.wait_for_long();
    // The lock before anything is read, so that what is read is what is there then.
    let names: Vec<&str> = tables().iter().map(|table| table.name).collect();
    let lock = format!(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; {FOR_LONG}; LOCK TABLE {}, uses, digests, servers IN {mode} MODE",
        names.join(", ")
    );
    transaction.batch(&lock).await?;
    if beats(&mut transaction).await? != before {
        return Err(StoreError::Busy);
    }
    Ok(transaction)
}

/// Sends all of a database, and keeps everybody else from changing it meanwhile.
///
/// # Errors
///
/// [`StoreError::Busy`] if a server runs on it.
pub(crate) async fn send(address: DatabaseAddress, parts: &Parts) -> Result<(), StoreError> {
    let pool = Pool::new(address, 1);
    let mut transaction = alone(&pool, "SHARE").await?;
    let total = counts(&mut transaction).await?.iter().sum();
    sent(parts, Part::Total(total)).await?;
    for (place, table) in tables().iter().enumerate() {
        let columns: Vec<String> = table.columns.iter().map(|(name, _)| column(table, name)).collect();
        let query = format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), from(table), columns[0]);
        transaction.batch(&format!("DECLARE copied NO SCROLL CURSOR FOR {query}")).await?;
        loop {
            let rows = transaction.rows(&format!("FETCH {AT_ONCE} FROM copied"), &[]).await?;
            let is_end = rows.len() < AT_ONCE;
            sent(parts, Part::Rows(place, rows.iter().map(values).collect())).await?;
            if is_end {
                break;
            }
        }
        transaction.batch("CLOSE copied").await?;
    }
    sent(parts, Part::End).await
}

/// Fails if the receiving side has failed, which reports the reason.
async fn sent(parts: &Parts, part: Part) -> Result<(), StoreError> {
    parts.send(part).await.map_err(|_| StoreError::Cancelled)
}

fn values(row: &Row) -> Vec<Value> {
    let value = |place: usize| match *row.columns()[place].type_() {
        Type::BOOL => row.get::<_, Option<bool>>(place).map(|is| Value::Number(is.into())),
        Type::INT4 => row.get::<_, Option<i32>>(place).map(|number| Value::Number(number.into())),
        Type::INT8 => row.get::<_, Option<i64>>(place).map(Value::Number),
        Type::BYTEA => row.get::<_, Option<Vec<u8>>>(place).map(Value::Bytes),
        _ => row.get::<_, Option<String>>(place).map(Value::Text),
    };
    (0..row.len()).map(|place| value(place).unwrap_or(Value::Null)).collect()
}

async fn counts(transaction: &mut Lent<'_>) -> Result<Vec<u64>, StoreError> {
    let mut counts = Vec::new();
    for table in tables() {
        let row = transaction.row(&format!("SELECT count(*) FROM {}", from(&table)), &[]).await?;
        counts.push(row.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()));
    }
    Ok(counts)
}

/// Stores parts in a database whose tables exist and are empty, `sealed` as what its servers must open, and `event` last.
///
/// # Errors
///
/// [`StoreError::Occupied`] if it is not empty, [`StoreError::Busy`] if a server runs on it.
pub(crate) async fn take(
    address: DatabaseAddress,
    mut copying: Copying,
    sealed: Vec<u8>,
    event: &NewEvent,
) -> Result<CopiedRows, StoreError> {
    let pool = Pool::new(address, 1);
    let mut transaction = alone(&pool, "ACCESS EXCLUSIVE").await?;
    let counts_before = counts(&mut transaction).await?;
    if tables().iter().zip(counts_before).any(|(table, count)| table.name != FILLED && count > 0) {
        return Err(StoreError::Occupied);
    }
    transaction.execute(&format!("DELETE FROM {FILLED}"), &[]).await?;
    let set_aside = set_aside(&mut transaction).await?;
    let (tables, mut stored) = (tables(), Stored::default());
    loop {
        match copying.parts.recv().await {
            None => return Err(StoreError::Cancelled),
            Some(Part::Total(total)) => stored.expect(total),
            Some(Part::Rows(place, rows)) => {
                let table = &tables[place];
                let (done, total) = stored.add(place, rows.len());
                insert(&mut transaction, table, rows).await?;
                (copying.progress)(done, total);
            }
            Some(Part::End) => break,
        }
    }
    transaction.batch("SET LOCAL maintenance_work_mem = '256MB'").await?;
    for statement in set_aside {
        transaction.batch(&statement).await?;
    }
    transaction
        .batch(
            "SELECT setval(pg_get_serial_sequence('keys', 'seq'), max(seq)) FROM keys HAVING count(*) > 0;
             SELECT setval(pg_get_serial_sequence('events', 'seq'), max(seq)) FROM events HAVING count(*) > 0;
             SELECT setval(pg_get_serial_sequence('signing_keys', 'n'), max(n)) FROM signing_keys HAVING count(*) > 0;
             UPDATE epoch SET n = r.n, mark = r.mark FROM revocations r WHERE r.n = (SELECT max(n) FROM revocations);
             ANALYZE keys, uses, digests, events",
        )
        .await?;
    let found = counts(&mut transaction).await?;
    let copied = stored.check(&found)?;
    check_secrets(&mut transaction, &*copying.opens).await?;
    transaction.execute("UPDATE meta SET sealed = $1", args![sealed]).await?;
    events::insert(&mut transaction, event).await?;
    transaction.commit().await?;
    Ok(copied)
}

/// Drops the indexes of tables with many rows and what checks those rows one by one, which is faster done for all of them at
/// once. Gives the statements that make it again.
async fn set_aside(transaction: &mut Lent<'_>) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT format('DROP INDEX %I.%I', n.nspname, c.relname), pg_get_indexdef(i.indexrelid)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE i.indrelid IN ('keys'::regclass, 'uses'::regclass, 'digests'::regclass, 'events'::regclass, 'usage'::regclass)
                     AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)
               UNION ALL
               SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
                      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
               FROM pg_constraint WHERE conrelid IN ('uses'::regclass, 'digests'::regclass) AND contype = 'f'";
    let rows = transaction.rows(sql, &[]).await?;
    for row in &rows {
        transaction.batch(row.get(0)).await?;
    }
    Ok(rows.iter().map(|row| row.get(1)).collect())
}

/// Tries the master key on every secret.
async fn check_secrets(
    transaction: &mut Lent<'_>,
    opens: &(dyn Fn(&str, &[u8]) -> bool + Send + Sync),
) -> Result<(), StoreError> {
    transaction.batch("DECLARE secrets NO SCROLL CURSOR FOR SELECT id, secret FROM keys").await?;
    loop {
        let rows = transaction.rows(&format!("FETCH {AT_ONCE} FROM secrets"), &[]).await?;
        if rows.iter().any(|row| !opens(row.get(0), row.get(1))) {
            return Err(StoreError::Unsuited(UNREADABLE));
        }
        if rows.len() < AT_ONCE {
            return transaction.batch("CLOSE secrets").await;
        }
    }
}

/// Columns of rows that are stored at once.
struct Columns {
    names: Vec<String>,
    /// What is stored, by the name of the value.
    stored: Vec<String>,
    places: Vec<String>,
    args: SqlArgs,
}

impl Columns {
    fn new() -> Self {
        Self { names: Vec::new(), stored: Vec::new(), places: Vec::new(), args: SqlArgs::default() }
    }

    fn add(&mut self, name: &str, kind: Kind, values: impl Iterator<Item = Value>) {
        let place = match kind {
            Kind::Number => self.args.place(values.map(Value::number).collect::<Vec<_>>()),
            Kind::Text => self.args.place(values.map(Value::text).collect::<Vec<_>>()),
            Kind::Bytes => self.args.place(values.map(Value::bytes).collect::<Vec<_>>()),
        };
        self.names.push(name.to_owned());
        self.stored.push(match name {
            "switched_off" => "switched_off <> 0".to_owned(),
            "grams" => "grams::int[]".to_owned(),
            name => name.to_owned(),
        });
        self.places.push(place);
    }

    async fn insert(&self, transaction: &mut Lent<'_>, table: &str) -> Result<(), StoreError> {
        let names = self.names.join(", ");
        let sql = format!(
            "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE
             SELECT {} FROM unnest({}) AS new ({names})",
            self.stored.join(", "),
            self.places.join(", ")
        );
        transaction.execute(&sql, &self.args.list()).await?;
        Ok(())
    }
}

async fn insert(transaction: &mut Lent<'_>, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
    let place = |name: &str| table.columns.iter().position(|(column, _)| *column == name);
    let mut columns = Columns::new();
    if table.name == KEYS {
        let (mut keys, mut uses) = (Columns::new(), Columns::new());
        let is_text = |name: &str| written().any(|(field, _)| field.name == name);
        for (place, (name, kind)) in table.columns.iter().enumerate() {
            let values = || rows.iter().map(|row| row[place].clone());
            match *name {
                "last_used_at" => uses.add("at", *kind, values()),
                "last_used_from" => uses.add("source", *kind, values()),
                "late_use_at" | "refused_at" | "refused_from" => uses.add(name, *kind, values()),
                "seq" | "state" | "created_at" => {
                    keys.add(name, *kind, values());
                    uses.add(name, *kind, values());
                }
                name if is_text(name) => {}
                name => keys.add(name, *kind, values()),
            }
        }
        let texts: Vec<_> = rows
            .iter()
            .map(|row| {
                let text = |name: &str| match place(name).map(|place| &row[place]) {
                    Some(Value::Text(text)) => text.as_str(),
                    _ => "",
                };
                stored(text("id"), text)
            })
            .collect();
        for (n, (name, _)) in texts.first().into_iter().flat_map(|first| first.columns.iter().enumerate()) {
            keys.add(name, Kind::Text, texts.iter().map(|texts| Value::Text(texts.columns[n].1.clone())));
        }
        let grams = |grams: &[i32]| {
            let grams: Vec<String> = grams.iter().map(ToString::to_string).collect();
            Value::Text(format!("{{{}}}", grams.join(",")))
        };
        keys.add("grams", Kind::Text, texts.iter().map(|texts| grams(&texts.grams)));
        if !rows.is_empty() {
            keys.insert(transaction, "keys").await?;
            uses.insert(transaction, "uses").await?;
        }
        return Ok(());
    }
    for (place, (name, kind)) in table.columns.iter().enumerate() {
        columns.add(name, *kind, rows.iter().map(|row| row[place].clone()));
    }
    if table.name == FILLED {
        // A time, and not a number of milliseconds.
        columns
            .stored
            .iter_mut()
            .filter(|name| *name == "at")
            .for_each(|at| "to_timestamp(at / 1000.0)".clone_into(at));
    }
    if table.name == "revocations" {
        // Marks tell histories apart: this one has begun here.
        let mut marks = Vec::new();
        for _ in &rows {
            let mut mark = [0; 8];
            getrandom::fill(&mut mark).map_err(|error| StoreError::Engine(Box::new(error)))?;
            marks.push(Value::Number(i64::from_le_bytes(mark)));
        }
        columns.add("mark", Kind::Number, marks.into_iter());
    }
    if rows.is_empty() { Ok(()) } else { columns.insert(transaction, table.name).await }
}
