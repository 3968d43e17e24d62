//! The history of keys.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::row::time;
use super::store::SqliteStore;
use crate::server::store::error::StoreError;
use crate::server::store::events::{EventKind, MOST_REFUSALS, NewEvent, Refusals, StoredEvent};

impl SqliteStore {
    pub(crate) async fn events(
        &self,
        id: &str,
        before: i64,
        limit: usize,
    ) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let known = "SELECT EXISTS (SELECT 1 FROM events WHERE key_id = ?1)";
            if !connection.prepare_cached(known)?.query_row([&id], |row| row.get::<_, bool>(0))? {
                return Ok(None);
            }
            let sql = "SELECT seq, kind, at, by, source, detail, count FROM events
                       WHERE key_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![id, before, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(StoredEvent {
                    seq: row.get(0)?,
                    kind: row.get(1)?,
                    at: time(row.get(2)?),
                    by: row.get(3)?,
                    from: row.get(4)?,
                    detail: row.get(5)?,
                    count: row.get::<_, i64>(6)?.unsigned_abs(),
                })
            })?;
            Ok(Some(rows.collect::<Result<_, _>>()?))
        })
        .await
    }

    pub(crate) async fn forget_events(&self, before: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        if self.is_read_only() {
            return Ok(false);
        }
        let before = before.timestamp_millis();
        let due = "SELECT EXISTS (SELECT 1 FROM events WHERE kind IN ('used', 'refused') AND at < ?1)";
        if !self.read(move |connection| Ok(connection.query_row(due, [before], |row| row.get::<_, bool>(0))?)).await? {
            return Ok(false);
        }
        self.write(move |transaction| {
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            Ok(transaction.execute(FORGET, params![before, limit])? == most)
        })
        .await
    }
}

const FORGET: &str = "DELETE FROM events WHERE seq IN
    (SELECT seq FROM events WHERE kind IN ('used', 'refused') AND at < ?1 ORDER BY at LIMIT ?2)";
/// As many at once as a refusal may delete: a history from before there was a limit shrinks little by little.
const DROP_REFUSALS: &str = "DELETE FROM events WHERE seq IN
    (SELECT seq FROM events WHERE key_id = ?1 AND kind = 'refused' ORDER BY seq DESC LIMIT 500 OFFSET ?2)";

/// Adds refusals to those of the same minute, network and reason, and drops the oldest of a key that has too many.
pub(crate) fn refuse(connection: &Connection, refusals: &Refusals) -> Result<(), StoreError> {
    let Refusals { id, network, from, why, at, count } = refusals;
    let slot = format!("{} {} {why}", refusals.minute(), network.as_deref().unwrap_or("*"));
    let sql = "INSERT INTO events (key_id, at, kind, source, detail, count, slot)
               VALUES (?1, ?2, ?8, ?3, ?4, ?5, ?6)
               ON CONFLICT (key_id, slot) WHERE slot IS NOT NULL DO UPDATE SET
                   count = count + excluded.count,
                   source = CASE WHEN source IS excluded.source THEN source ELSE ?7 END";
    let count = i64::try_from(*count).unwrap_or(i64::MAX);
    let values = params![id, at.timestamp_millis(), from, why, count, slot, network, EventKind::Refused.as_str()];
    connection.prepare_cached(sql)?.execute(values)?;
    connection.prepare_cached(DROP_REFUSALS)?.execute(params![id, MOST_REFUSALS])?;
    Ok(())
}

/// Stores an event of a key.
pub(crate) fn insert(connection: &Connection, id: &str, event: &NewEvent) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (key_id, at, kind, by, source, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        id,
        event.at.timestamp_millis(),
        event.kind.as_str(),
        event.by,
        event.from,
        event.detail
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::sqlite::migrate::migrate;

    /// Neither steps over what is kept.
    #[test]
    fn what_is_deleted_is_found_in_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        for (sql, index) in [(FORGET, "events_passing"), (DROP_REFUSALS, "events_refused")] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let rows = statement.query_map(params![1, 1], |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = rows.map(Result::unwrap).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
