//! A page of keys, and how many there are.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::Conditions;
use crate::server::store::error::StoreError;
use crate::server::store::keys::{COUNTED_FOR, KeyPage, KeyRow, PageQuery};
use crate::server::store::keyset::Keyset;
use crate::server::store::postgres::args::{SqlArgs, args};
use crate::server::store::postgres::keys::list::count::counting;
use crate::server::store::postgres::keys::list::statement::ListStatement;
use crate::server::store::postgres::keys::row::placed;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::sought::Sought;

/// How many keys a sweep moves at once.
const SWEPT_AT_ONCE: i64 = 1_000;

impl PostgresStore {
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        let mut connection = self.swept(now).await?;
        let sought = Sought::of(&request.conditions);
        let mut list = ListStatement { request: &request, sought: &sought, last: None };
        let mut rows =
            if sought.is_narrow() { list.search(&mut connection).await? } else { list.walk(&mut connection).await? };
        drop(connection);
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        let keys = rows.iter().map(|row| placed(row, request.sort, now));
        let keys = keys.collect::<Result<Vec<KeyRow>, StoreError>>()?;
        let whole = !more && request.after.is_none();
        let total = match () {
            () if !request.total => None,
            () if whole => Some(keys.len() as u64),
            () => self.count_sought(&sought, Instant::now() + COUNTED_FOR).await?,
        };
        Ok(KeyPage { keys, more, total })
    }

    pub(crate) async fn find(
        &self,
        request: PageQuery,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Keyset>, StoreError> {
        let mut connection = self.swept(now).await?;
        let sought = Sought::of(&request.conditions);
        let list = ListStatement { request: &PageQuery { after: None, ..request }, sought: &sought, last: None };
        let mut args = SqlArgs::default();
        let sql = list.one(id, &mut args);
        let row = connection.row(&sql, &args.list()).await?;
        Ok(row.map(|row| placed(&row, list.request.sort, now)).transpose()?.map(|row| row.place))
    }

    pub(crate) async fn count(&self, all: Vec<Conditions>, now: DateTime<Utc>) -> Result<Vec<Option<u64>>, StoreError> {
        drop(self.swept(now).await?);
        let until = Instant::now() + COUNTED_FOR;
        let mut counted = Vec::new();
        for conditions in &all {
            counted.push(self.count_sought(&Sought::of(conditions), until).await?);
        }
        Ok(counted)
    }

    /// A connection, and stored states that are up to date.
    async fn swept(&self, now: DateTime<Utc>) -> Result<Lent<'_>, StoreError> {
        let mut connection = self.lend().await?;
        if sweep(&mut connection, now).await? {
            drop(connection); // or all could be lent to those who wait for one more
            again!(self.try_reactivate(now))?;
            connection = self.lend().await?;
        }
        Ok(connection)
    }

    pub(crate) async fn reactivate(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let due = "SELECT EXISTS (SELECT 1 FROM keys WHERE reactivates_at <= $1)";
        let row = self.lend().await?.row(due, args![now.timestamp_millis()]).await?;
        if row.is_some_and(|row| row.get(0)) { again!(self.try_reactivate(now)) } else { Ok(()) }
    }

    /// How many keys match, if that is known in time.
    async fn count_sought(&self, sought: &Sought, until: Instant) -> Result<Option<u64>, StoreError> {
        if !sought.is_narrow() {
            let sql = "SELECT coalesce(sum(n), 0)::bigint FROM counts WHERE $1::bigint IS NULL OR state = $1";
            let row = self.lend().await?.row(sql, args![sought.state]).await?;
            return Ok(Some(row.map_or(0, |row| row.get::<_, i64>(0).max(0).unsigned_abs())));
        }
        let left = until.saturating_duration_since(Instant::now()).as_millis();
        if left == 0 {
            return Ok(None);
        }
        let mut args = SqlArgs::default();
        let statements = counting(sought, &mut args);
        let mut transaction = self.begin_to_read().await?;
        transaction.batch(&format!("SET LOCAL statement_timeout = {left}")).await?;
        match transaction.row(&statements, &args.list()).await {
            Ok(row) => {
                transaction.commit().await?;
                Ok(row.map(|row| row.get::<_, i64>(0).unsigned_abs()))
            }
            Err(StoreError::Cancelled) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Brings stored states up to date; also backwards, if the clock was set back. What another server is moving, or whose use
/// one is recording, is left to the next list: waiting for each other would cost a second. Tells whether keys are due to be
/// active again, which takes a transaction.
async fn sweep(connection: &mut Lent<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let at = now.timestamp_millis();
    let due = "SELECT EXISTS (SELECT 1 FROM keys WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= $1)
                   OR EXISTS (SELECT 1 FROM keys WHERE state = 1 AND expires_at > $1),
                   EXISTS (SELECT 1 FROM keys WHERE reactivates_at <= $1)";
    let (moves, is_due) = connection.row(due, args![at]).await?.map_or((false, false), |row| (row.get(0), row.get(1)));
    if !moves {
        return Ok(is_due);
    }
    let swept = [
        ("1", "keys.state <> 1 AND expires_at IS NOT NULL AND expires_at <= $1"),
        ("CASE WHEN switched_off THEN 2 ELSE 0 END", "keys.state = 1 AND expires_at > $1"),
    ];
    for (state, which) in swept {
        let sql = format!(
            "UPDATE keys SET state = {state} WHERE seq IN
                 (SELECT seq FROM keys JOIN uses USING (seq) WHERE {which} LIMIT $2 FOR UPDATE SKIP LOCKED)"
        );
        while connection.execute(&sql, args![at, SWEPT_AT_ONCE]).await? == SWEPT_AT_ONCE.unsigned_abs() {}
    }
    Ok(is_due)
}
