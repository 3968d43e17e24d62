//! Uses and refusals by the hour, and access tokens that were issued.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::domain::{AddressUsage, MOST_LISTED_ADDRESSES, Untrusted};
use crate::server::store::error::StoreError;
use crate::server::store::events::minute;
use crate::server::store::sqlite::keys::row::time;
use crate::server::store::sqlite::store::SqliteStore;
use crate::server::store::usage::{
    self, DayCount, HourCount, IssuedTokens, KEPT_COUNTS, KEPT_ISSUED, MOST_COUNTED_ADDRESSES, StoredUsage, UsageQuery,
    hour,
};

impl SqliteStore {
    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<StoredUsage, StoreError> {
        self.read(move |connection| read(connection, &query)).await
    }

    /// The uses of keys on each day from the first on, since 1970, without those of the last second.
    pub(crate) async fn daily_uses(&self, ids: Vec<String>, first: i64) -> Result<Vec<DayCount>, StoreError> {
        self.read_many(move |connection, _| {
            let sql = "SELECT hour / 24, sum(uses) FROM usage WHERE key_id = ?1 AND hour >= ?2 GROUP BY 1";
            let mut statement = connection.prepare_cached(sql)?;
            let mut counted = Vec::new();
            for key in ids {
                let mut rows = statement.query(params![key, first * 24])?;
                while let Some(row) = rows.next()? {
                    counted.push(DayCount { key: key.clone(), day: row.get(0)?, uses: row.get(1)? });
                }
            }
            Ok(counted)
        })
        .await
    }

    pub(crate) async fn forget_usage(&self, now: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        if self.is_read_only() {
            return Ok(false);
        }
        let before = (hour(now - KEPT_COUNTS), minute(now - KEPT_ISSUED));
        let due = "SELECT EXISTS (SELECT 1 FROM usage WHERE hour < ?1)
                       OR EXISTS (SELECT 1 FROM issued WHERE minute < ?2)";
        if !self.read(move |connection| Ok(connection.query_row(due, before, |row| row.get::<_, bool>(0))?)).await? {
            return Ok(false);
        }
        self.write(move |transaction| {
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            let counts = transaction.execute(FORGET_COUNTS, params![before.0, limit])?;
            let issued = transaction.execute(FORGET_ISSUED, params![before.1, limit])?;
            Ok(counts == most || issued == most)
        })
        .await
    }
}

const FORGET_COUNTS: &str = "DELETE FROM usage WHERE (key_id, hour, source) IN
    (SELECT key_id, hour, source FROM usage WHERE hour < ?1 LIMIT ?2)";
const FORGET_ISSUED: &str = "DELETE FROM issued WHERE (key_id, generation, minute) IN
    (SELECT key_id, generation, minute FROM issued WHERE minute < ?1 LIMIT ?2)";

/// Adds to what was counted before.
pub(crate) fn add(connection: &Connection, counts: &[HourCount], issued: &[IssuedTokens]) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage (key_id, hour, source, uses, refusals, used_at, refused_at)
               SELECT ?1, ?2, CASE WHEN EXISTS (SELECT 1 FROM usage WHERE key_id = ?1 AND hour = ?2 AND source = ?3)
                   OR (SELECT count(*) FROM usage WHERE key_id = ?1 AND hour = ?2 AND source <> '') < ?8
                   THEN ?3 ELSE '' END, ?4, ?5, ?6, ?7
               WHERE true
               ON CONFLICT DO UPDATE SET
                   uses = uses + excluded.uses,
                   refusals = refusals + excluded.refusals,
                   used_at = max(ifnull(used_at, excluded.used_at), ifnull(excluded.used_at, used_at)),
                   refused_at = max(ifnull(refused_at, excluded.refused_at), ifnull(excluded.refused_at, refused_at))";
    let mut statement = connection.prepare_cached(sql)?;
    let (ms, number) =
        (|at: DateTime<Utc>| at.timestamp_millis(), |count: u64| i64::try_from(count).unwrap_or(i64::MAX));
    for HourCount { key, hour, address, uses, refusals, used_at, refused_at } in counts {
        let (uses, refusals) = (number(*uses), number(*refusals));
        let (used_at, refused_at) = (used_at.map(ms), refused_at.map(ms));
        statement.execute(params![key, hour, address, uses, refusals, used_at, refused_at, MOST_COUNTED_ADDRESSES])?;
    }
    let sql = "INSERT INTO issued (key_id, generation, minute, tokens, at) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, at = max(at, excluded.at)";
    let mut statement = connection.prepare_cached(sql)?;
    for IssuedTokens { key, generation, minute, tokens, at } in issued {
        statement.execute(params![key, generation, minute, number(*tokens), ms(*at)])?;
    }
    Ok(())
}

fn read(connection: &Connection, query: &UsageQuery) -> Result<StoredUsage, StoreError> {
    let UsageQuery { key, first, span, issued_after } = query;
    let sql = "SELECT hour / ?3, sum(uses), sum(refusals) FROM usage WHERE key_id = ?1 AND hour >= ?2
               GROUP BY 1 ORDER BY 1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![key, first, span.hours()], |row| {
        Ok(usage::count(*span, row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let counts = rows.collect::<Result<_, _>>()?;
    let most = |column: &str| -> Result<Vec<AddressUsage>, StoreError> {
        let sql = format!(
            "SELECT source, sum(uses), sum(refusals), max(used_at), max(refused_at) FROM usage
             WHERE key_id = ?1 AND hour >= ?2 AND source <> ''
             GROUP BY source HAVING sum({column}) > 0 ORDER BY sum({column}) DESC, source LIMIT ?3"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![key, first, MOST_LISTED_ADDRESSES], address)?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let addresses = usage::listed(most("uses")?, most("refusals")?);
    let sql = "SELECT count(DISTINCT nullif(source, '')), ifnull(max(source = ''), 0) FROM usage
               WHERE key_id = ?1 AND hour >= ?2 AND uses > 0";
    let (address_count, has_more_addresses): (i64, bool) =
        connection.prepare_cached(sql)?.query_row(params![key, first], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "SELECT ifnull(sum(tokens), 0), max(at) FROM issued
               WHERE key_id = ?1 AND generation = (SELECT generation FROM keys WHERE id = ?1) AND at > ?2";
    let (tokens, last): (i64, Option<i64>) = connection
        .prepare_cached(sql)?
        .query_row(params![key, issued_after.timestamp_millis()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(StoredUsage {
        counts,
        addresses,
        address_count: address_count.unsigned_abs(),
        has_more_addresses,
        tokens: tokens.unsigned_abs(),
        last_token_at: last.map(time),
    })
}

fn address(row: &Row<'_>) -> rusqlite::Result<AddressUsage> {
    let (address, uses, refusals): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(AddressUsage {
        address: Untrusted::new(&address),
        uses: uses.unsigned_abs(),
        refusals: refusals.unsigned_abs(),
        used_at: row.get::<_, Option<i64>>(3)?.map(time),
        refused_at: row.get::<_, Option<i64>>(4)?.map(time),
    })
}
