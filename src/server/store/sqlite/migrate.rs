//! Bringing a database to the version that this program knows.

use rusqlite::{Connection, TransactionBehavior};

use crate::server::store::error::StoreError;

/// Every step, in order. A step that was ever released is never changed.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../../../assets/migrations/0001_keys.sql"),
    include_str!("../../../../assets/migrations/0002_administrators.sql"),
    include_str!("../../../../assets/migrations/0003_owner.sql"),
    include_str!("../../../../assets/migrations/0004_note.sql"),
    include_str!("../../../../assets/migrations/0005_refusals.sql"),
];

/// Whether `connection`'s database lacks a step.
pub(crate) fn is_due(connection: &Connection) -> Result<bool, StoreError> {
    let (found, known) = (version(connection)?, known(MIGRATIONS.len()));
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(found < known) }
}

/// Refuses another program's database before anything in it changes.
pub(crate) fn check_is_ours(connection: &Connection) -> Result<(), StoreError> {
    let count = |tables: &str| -> Result<u32, StoreError> {
        let sql = format!("SELECT count(*) FROM sqlite_schema {tables}");
        Ok(connection.query_row(&sql, [], |row| row.get(0))?)
    };
    let is_ours = match version(connection)? {
        0 => count("")? == 0,
        _ => count("WHERE type = 'table' AND name IN ('keys', 'events', 'counts')")? == 3,
    };
    if is_ours { Ok(()) } else { Err(StoreError::Foreign) }
}

/// Takes the missing steps. Two processes may do so at once: each step is looked at again under the lock.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    for (step, sql) in MIGRATIONS.iter().enumerate() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        if version(&transaction)? == known(step) {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", known(step + 1))?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn known(steps: usize) -> u32 {
    u32::try_from(steps).unwrap_or(u32::MAX)
}
