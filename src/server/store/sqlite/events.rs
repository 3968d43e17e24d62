//! The history of keys.

use rusqlite::{Connection, params};

use super::row::time;
use super::store::SqliteStore;
use crate::server::store::error::StoreError;
use crate::server::store::events::{NewEvent, StoredEvent};

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
            let sql = "SELECT seq, kind, at, by, source, detail FROM events
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
                })
            })?;
            Ok(Some(rows.collect::<Result<_, _>>()?))
        })
        .await
    }
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
