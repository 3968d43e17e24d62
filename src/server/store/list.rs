//! A page of keys, by a walk along an index from a known place.

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, Rows, params};

use super::row::{self, COLUMNS, Place, Placed, column};
use super::text::Needle;
use super::{Cancel, Store, StoreError, search};
use crate::model::{KeyQuery, Order};

/// Which page of which list.
pub(crate) struct ListRequest {
    pub(crate) query: KeyQuery,
    /// The page begins after this place.
    pub(crate) after: Option<Place>,
    /// At most so many keys.
    pub(crate) limit: usize,
    /// Whether to count all matches.
    pub(crate) total: bool,
}

/// One page.
pub(crate) struct Page {
    pub(crate) keys: Vec<Placed>,
    /// Whether keys follow.
    pub(crate) more: bool,
    pub(crate) total: Option<u64>,
}

impl Store {
    /// A page of keys as of `now`.
    pub(crate) fn list(&self, request: &ListRequest, now: DateTime<Utc>, cancel: &Cancel) -> Result<Page, StoreError> {
        if self.read(cancel, |connection| sweep_is_due(connection, now))? {
            self.write(|transaction| sweep(transaction, now))?;
        }
        self.read(cancel, |connection| {
            let ask = Ask { connection, request, now, cancel };
            let needle = Some(&request.query.filter.text).filter(|text| !text.is_empty()).map(|text| Needle::new(text));
            let mut keys = match &needle {
                None => ask.walk(None, usize::MAX)?.0,
                Some(needle) => search::page(&ask, needle)?,
            };
            let more = keys.len() > request.limit;
            keys.truncate(request.limit);
            let whole = !more && request.after.is_none();
            let total = match &needle {
                _ if !request.total => None,
                _ if whole => Some(keys.len() as u64),
                None => Some(ask.count()?),
                Some(needle) => Some(search::count(&ask, needle)?),
            };
            Ok(Page { keys, more, total })
        })
    }
}

/// A request and what is needed to answer it.
pub(super) struct Ask<'a> {
    pub(super) connection: &'a Connection,
    pub(super) request: &'a ListRequest,
    pub(super) now: DateTime<Utc>,
    pub(super) cancel: &'a Cancel,
}

impl Ask<'_> {
    /// One more than asked for tells whether keys follow.
    pub(super) fn wanted(&self) -> usize {
        self.request.limit + 1
    }

    /// Walks the list until enough keys match or `most` were seen. Tells whether it got so far as to know.
    pub(super) fn walk(&self, needle: Option<&Needle>, most: usize) -> Result<(Vec<Placed>, bool), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&self.ordered(&format!("{}, seq, {COLUMNS}", column(self.request.query.sort))))?;
        let mut rows = self.start(&mut statement)?;
        let mut found = Vec::new();
        for _ in 0..most {
            let Some(row) = rows.next()? else { return Ok((found, true)) };
            if let Some(needle) = needle
                && !needle.is_in_row(row, 2, 10)?
            {
                continue;
            }
            found.push(placed(row, self.now)?);
            if found.len() == self.wanted() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// The statement that goes along the list from the cursor.
    pub(super) fn ordered(&self, columns: &str) -> String {
        let KeyQuery { sort, order, ref filter } = self.request.query;
        let (direction, beyond) = match order {
            Order::Asc => ("ASC", ">"),
            Order::Desc => ("DESC", "<"),
        };
        let by = column(sort);
        let state = filter.status.map(|_| "state = ?3");
        let after = self.request.after.as_ref().map(|_| match by {
            "seq" => format!("seq {beyond} ?2"),
            _ => format!("({by}, seq) {beyond} (?1, ?2)"),
        });
        let conditions: Vec<&str> = state.into_iter().chain(after.as_deref()).chain(["?4"]).collect();
        let order_by = match by {
            "seq" => format!("seq {direction}"),
            _ => format!("{by} {direction}, seq {direction}"),
        };
        format!("SELECT {columns} FROM keys WHERE {} ORDER BY {order_by}", conditions.join(" AND "))
    }

    /// Binds [`ordered`](Self::ordered)'s parameters.
    pub(super) fn start<'s>(&self, statement: &'s mut rusqlite::Statement<'_>) -> Result<Rows<'s>, StoreError> {
        let after = self.request.after.as_ref();
        let value = after.map_or(&Value::Null, |place| &place.value);
        let state = self.request.query.filter.status.map(row::state);
        Ok(statement.query(params![value, after.map(|place| place.seq), state, true])?)
    }

    /// The number of keys without regard to text.
    pub(super) fn count(&self) -> Result<u64, StoreError> {
        let state = self.request.query.filter.status.map(row::state);
        let sql = "SELECT coalesce(sum(n), 0) FROM counts WHERE ?1 IS NULL OR state = ?1";
        let n: i64 = self.connection.prepare_cached(sql)?.query_row([state], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    }
}

/// Reads a row: its place (2 columns), then [`COLUMNS`].
pub(super) fn placed(row: &rusqlite::Row<'_>, now: DateTime<Utc>) -> Result<Placed, StoreError> {
    Ok(Placed { place: Place { value: row.get(0)?, seq: row.get(1)? }, key: row::key(row, 2, now)? })
}

/// Whether a key's copied state is no longer true. Both questions are one step into a small index, which must be
/// named: without statistics SQLite walks all keys of a state instead.
fn sweep_is_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keys INDEXED BY keys_to_expire
                              WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= ?1)
                   OR EXISTS (SELECT 1 FROM keys INDEXED BY keys_expired WHERE state = 1 AND expires_at > ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([now.timestamp_millis()], |row| row.get(0))?)
}

/// Moves keys to where they belong at `now`; back too, should the clock have been set back.
fn sweep(connection: &Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let now = now.timestamp_millis();
    connection
        .execute("UPDATE keys INDEXED BY keys_to_expire SET state = 1 WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= ?1", [now])?;
    connection.execute(
        "UPDATE keys INDEXED BY keys_to_expire SET state = 1
         WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= ?1",
        [now],
    )?;
    connection.execute(
        "UPDATE keys INDEXED BY keys_expired SET state = 2 * switched_off WHERE state = 1 AND expires_at > ?1",
        [now],
    )?;
    Ok(())
}
