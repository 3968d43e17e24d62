//! Bringing a database to the version that this program knows.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::domain::fold;
use crate::server::store::error::StoreError;
use crate::server::store::sqlite::connection::connect::CACHE;
use crate::server::store::sqlite::keys::row::document;

/// A step from one version to the next.
enum Step {
    Sql(&'static str),
    /// What SQL can't say.
    Code(fn(&Transaction<'_>) -> Result<(), StoreError>),
}

/// Every step, in order. A step that was ever released is never changed.
const MIGRATIONS: [Step; 21] = [
    Step::Sql(include_str!("../../../../../assets/migrations/0001_keys.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0002_administrators.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0003_owner.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0004_note.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0005_refusals.sql")),
    Step::Code(fold_again),
    Step::Sql(include_str!("../../../../../assets/migrations/0007_revocations.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0008_trail.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0009_store.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0010_signing_keys.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0011_query.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0012_master_keys.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0013_usage.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0014_undelivered.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0015_reactivation.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0016_digests.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0017_rotation.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0018_handovers.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0019_webhook.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0020_refused.sql")),
    Step::Sql(include_str!("../../../../../assets/migrations/0021_handover_ends.sql")),
];

/// Whether `connection`'s database lacks a step.
pub(crate) fn is_due(connection: &Connection) -> Result<bool, StoreError> {
    let (found, known) = (version(connection)?, known(MIGRATIONS.len()));
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(found < known) }
}

/// Refuses another program's database before anything in it changes.
pub(crate) fn check_is_ours(connection: &Connection) -> Result<(), StoreError> {
    // Of one moment: another process may be creating the tables.
    let moment = connection.unchecked_transaction()?;
    let count = |tables: &str| -> Result<u32, StoreError> {
        let sql = format!("SELECT count(*) FROM sqlite_schema {tables}");
        Ok(moment.query_row(&sql, [], |row| row.get(0))?)
    };
    let is_ours = match version(&moment)? {
        0 => count("")? == 0,
        _ => count("WHERE type = 'table' AND name IN ('keys', 'events', 'counts')")? == 3,
    };
    if is_ours { Ok(()) } else { Err(StoreError::Foreign) }
}

/// While every row is changed, indexes are written in many places at once: with the page cache of other times (1.5 MB) the
/// same pages would be written to the log again and again.
const LARGE_CACHE: i32 = -65_536;

/// Takes the missing steps. Two processes may do so at once: each step is looked at again under the lock.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "cache_size", LARGE_CACHE)?;
    for (step, how) in MIGRATIONS.iter().enumerate() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        if version(&transaction)? == known(step) {
            match how {
                Step::Sql(sql) => transaction.execute_batch(sql)?,
                Step::Code(take) => take(&transaction)?,
            }
            transaction.pragma_update(None, "user_version", known(step + 1))?;
        }
        transaction.commit()?;
    }
    connection.pragma_update(None, "cache_size", CACHE)?;
    Ok(connection.execute_batch("PRAGMA shrink_memory")?)
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn known(steps: usize) -> u32 {
    u32::try_from(steps).unwrap_or(u32::MAX)
}

/// Folds every text as it is folded since accents, width and dashes make no difference, and builds the search index anew.
fn fold_again(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let mut has_changed = false;
    {
        let sql = "SELECT seq, label, owner, note, label_fold, owner_fold, note_fold FROM keys";
        let mut statement = transaction.prepare(sql)?;
        let change = "UPDATE keys SET label_fold = ?2, owner_fold = ?3, note_fold = ?4 WHERE seq = ?1";
        let mut change = transaction.prepare(change)?;
        let mut folded: Vec<(i64, [String; 3])> = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut texts = [const { String::new() }; 3];
            let mut is_same = true;
            for (n, text) in texts.iter_mut().enumerate() {
                *text = fold(row.get_ref(1 + n)?.as_str().map_err(rusqlite::Error::from)?);
                is_same &= *text == row.get_ref(4 + n)?.as_str().map_err(rusqlite::Error::from)?;
            }
            if !is_same {
                folded.push((row.get(0)?, texts));
            }
        }
        // Afterwards: a row that is changed while it is read may be read again.
        for (seq, [label, owner, note]) in folded {
            change.execute(params![seq, label, owner, note])?;
            has_changed = true;
        }
    }
    if has_changed {
        transaction.execute("INSERT INTO grams (grams) VALUES ('delete-all')", [])?;
        let all = format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys", document());
        transaction.execute(&all, [])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::server::store::sqlite::file::migrate::*;

    #[test]
    fn a_database_from_before_is_folded_and_indexed_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        let before = |connection: &Connection, steps: usize| {
            for how in &MIGRATIONS[..steps] {
                let Step::Sql(sql) = how else { panic!("a step in SQL") };
                connection.execute_batch(sql).unwrap();
            }
            connection.pragma_update(None, "user_version", known(steps)).unwrap();
        };
        before(&connection, 5);
        for (seq, label) in [(1, "Zürich – prod"), (2, "plain")] {
            let sql = "INSERT INTO keys (id, state, created_at, created_by, label, label_fold, owner, owner_fold)
                       VALUES (?1, 0, 1, 'jo', ?2, lower(?2), 'Büro', 'Büro')";
            connection.execute(sql, params![format!("PK{seq}"), label]).unwrap();
            let sql = format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys WHERE seq = ?1", document());
            connection.execute(&sql, [seq]).unwrap();
        }
        migrate(&mut connection).unwrap();
        let found = |query: &str| -> Vec<i64> {
            let mut statement = connection.prepare("SELECT rowid FROM grams WHERE grams MATCH ?1").unwrap();
            let rows = statement.query_map([query], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(found("\"zur\" AND \"h -\""), [1]);
        assert_eq!(found("\"lai\""), [2]);
        assert_eq!(found("\"uro\""), [1, 2]);
        assert!(found("\"zür\"").is_empty());
        let labels: Vec<String> = connection
            .prepare("SELECT label_fold || owner_fold FROM keys ORDER BY label_fold")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(labels, ["plainburo", "zurich - prodburo"]);
        assert!(!is_due(&connection).unwrap());
    }
}
