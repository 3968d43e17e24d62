//! A page of keys.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};
use tokio::time::timeout;

use crate::domain::{Conditions, Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::{COUNTED_FOR, KeyPage, PageQuery};
use crate::server::store::keyset::Keyset;
use crate::server::store::sought::Sought;
use crate::server::store::sqlite::connection::cancel::Cancel;
use crate::server::store::sqlite::keys::edit::reactivate;
use crate::server::store::sqlite::keys::list::search;
use crate::server::store::sqlite::keys::list::walk::ListQuery;
use crate::server::store::sqlite::keys::text::Needle;
use crate::server::store::sqlite::store::SqliteStore;

/// How long a list waits for the stored states to be brought up to date.
const SWEEP_PATIENCE: Duration = Duration::from_millis(250);

impl SqliteStore {
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        self.sweep_where_due(now).await?;
        self.read_many(move |connection, cancel| page(connection, &request, now, cancel)).await
    }

    pub(crate) async fn find(
        &self,
        request: PageQuery,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Keyset>, StoreError> {
        self.sweep_where_due(now).await?;
        let id = id.to_owned();
        self.read_many(move |connection, cancel| {
            let (sought, needle) = sought(&request);
            search::find(&list(connection, &request, &sought, needle.as_ref(), now, cancel), &id)
        })
        .await
    }

    pub(crate) async fn count(&self, all: Vec<Conditions>, now: DateTime<Utc>) -> Result<Vec<Option<u64>>, StoreError> {
        self.sweep_where_due(now).await?;
        self.read_many(move |connection, cancel| {
            let until = Instant::now() + COUNTED_FOR;
            let count = |conditions| {
                let (sort, order) = (Sort::CreatedAt, Order::Desc);
                let request = PageQuery { sort, order, conditions, after: None, limit: 1, total: true };
                let (sought, needle) = sought(&request);
                count(&list(connection, &request, &sought, needle.as_ref(), now, cancel), until)
            };
            all.into_iter().map(count).collect()
        })
        .await
    }

    pub(crate) async fn reactivate(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.sweep_where_due(now).await
    }

    async fn sweep_where_due(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.is_read_only() && self.read(move |connection| sweep_is_due(connection, now)).await? {
            // While another process holds the database, states are as they were when it began.
            match timeout(SWEEP_PATIENCE, self.write(move |transaction| sweep(transaction, now))).await {
                Err(_) | Ok(Err(StoreError::Busy | StoreError::Full)) => {}
                Ok(swept) => swept?,
            }
        }
        Ok(())
    }
}

fn sought(request: &PageQuery) -> (Sought, Option<Needle>) {
    let sought = Sought::of(&request.conditions);
    let needle = Needle::new(&sought.words, &sought.without);
    (sought, needle)
}

fn list<'a>(
    connection: &'a Connection,
    request: &'a PageQuery,
    sought: &'a Sought,
    needle: Option<&'a Needle>,
    now: DateTime<Utc>,
    cancel: &'a Cancel,
) -> ListQuery<'a> {
    ListQuery { connection, request, sought, needle, now, cancel, until: None }
}

fn page(
    connection: &Connection,
    request: &PageQuery,
    now: DateTime<Utc>,
    cancel: &Cancel,
) -> Result<KeyPage, StoreError> {
    let (sought, needle) = sought(request);
    let list = list(connection, request, &sought, needle.as_ref(), now, cancel);
    let mut keys = if sought.is_narrow() { search::page(&list)? } else { list.walk(usize::MAX)?.0 };
    let more = keys.len() > request.limit;
    keys.truncate(request.limit);
    let whole = !more && request.after.is_none();
    let total = match () {
        () if !request.total => None,
        () if whole => Some(keys.len() as u64),
        () => count(&list, Instant::now() + COUNTED_FOR)?,
    };
    Ok(KeyPage { keys, more, total })
}

/// How many keys match, if that is known in time.
fn count(list: &ListQuery<'_>, until: Instant) -> Result<Option<u64>, StoreError> {
    let timed = ListQuery { until: Some(until), ..*list };
    match search::count(&timed) {
        Err(StoreError::Cancelled) => list.cancel.check().map(|()| None),
        counted => counted.map(Some),
    }
}

/// Whether the stored state of a key is out of date. Each condition is one step into a small index.
fn sweep_is_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keys INDEXED BY keys_to_expire
                              WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= ?1)
                   OR EXISTS (SELECT 1 FROM keys INDEXED BY keys_expired WHERE state = 1 AND expires_at > ?1)
                   OR EXISTS (SELECT 1 FROM keys INDEXED BY keys_to_reactivate WHERE reactivates_at <= ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([now.timestamp_millis()], |row| row.get(0))?)
}

/// Brings the stored states up to date; also backwards, if the clock was set back.
fn sweep(connection: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    reactivate(connection, now, usize::MAX)?;
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
