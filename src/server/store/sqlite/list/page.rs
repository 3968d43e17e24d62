//! A page of keys.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use tokio::time::timeout;

use super::search;
use super::walk::ListQuery;
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyPage, PageQuery};
use crate::server::store::sqlite::store::SqliteStore;
use crate::server::store::sqlite::text::Needle;

/// How long a list waits for the stored states to be brought up to date.
const SWEEP_PATIENCE: Duration = Duration::from_millis(250);

impl SqliteStore {
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        if !self.is_read_only() && self.read(move |connection| sweep_is_due(connection, now)).await? {
            // While another process holds the database, states are as they were when it began.
            match timeout(SWEEP_PATIENCE, self.write(move |transaction| sweep(transaction, now))).await {
                Err(_) | Ok(Err(StoreError::Busy | StoreError::Full)) => {}
                Ok(swept) => swept?,
            }
        }
        self.read_many(move |connection, cancel| page(&ListQuery { connection, request: &request, now, cancel })).await
    }
}

fn page(list: &ListQuery<'_>) -> Result<KeyPage, StoreError> {
    let request = list.request;
    let needle = Needle::new(&request.query.filter.text);
    let mut keys = match &needle {
        None => list.walk(None, usize::MAX)?.0,
        Some(needle) => search::page(list, needle)?,
    };
    let more = keys.len() > request.limit;
    keys.truncate(request.limit);
    let whole = !more && request.after.is_none();
    let total = match &needle {
        _ if !request.total => None,
        _ if whole => Some(keys.len() as u64),
        None => Some(list.count()?),
        Some(needle) => Some(search::count(list, needle)?),
    };
    Ok(KeyPage { keys, more, total })
}

/// Whether the stored state of a key is out of date. Both conditions are one step into a small index.
fn sweep_is_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keys INDEXED BY keys_to_expire
                              WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= ?1)
                   OR EXISTS (SELECT 1 FROM keys INDEXED BY keys_expired WHERE state = 1 AND expires_at > ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([now.timestamp_millis()], |row| row.get(0))?)
}

/// Brings the stored states up to date; also backwards, if the clock was set back.
fn sweep(connection: &Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let now = now.timestamp_millis();
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
