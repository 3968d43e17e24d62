//! What happened to keys.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::row::time;
use crate::server::store::{Cancel, Store, StoreError};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    Created,
    Edited,
    Used,
    Refused,
    Deleted,
}

impl EventKind {
    /// The word of the HTTP contract.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Used => "used",
            Self::Refused => "refused",
            Self::Deleted => "deleted",
        }
    }
}

/// One line of a key's history.
#[derive(Clone)]
pub(crate) struct NewEvent {
    pub(crate) kind: EventKind,
    pub(crate) at: DateTime<Utc>,
    /// The administrator, where one did it.
    pub(crate) by: Option<String>,
    /// The address.
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
}

/// An event as it was stored: its number, the word for its kind, and the rest.
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
}

impl NewEvent {
    /// `Created` by an administrator; name another kind with `..`.
    pub(crate) fn of(by: &str, from: &str, at: DateTime<Utc>) -> Self {
        Self { kind: EventKind::Created, at, by: Some(by.to_owned()), from: Some(from.to_owned()), detail: None }
    }
}

impl Store {
    /// The newest events of a key before number `before`; none when no key ever had this ID.
    pub(crate) fn events(&self, id: &str, before: i64, limit: usize) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        self.read(&Cancel::default(), |connection| {
            let known = "SELECT EXISTS (SELECT 1 FROM events WHERE key_id = ?1)";
            if !connection.prepare_cached(known)?.query_row([id], |row| row.get::<_, bool>(0))? {
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
    }
}

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
