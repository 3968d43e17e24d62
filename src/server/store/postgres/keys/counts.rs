//! Uses and refusals by the hour, and access tokens that were issued.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::domain::{AddressUsage, MOST_LISTED_ADDRESSES, Untrusted};
use crate::server::store::error::StoreError;
use crate::server::store::events::minute;
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::keys::row::time;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::PostgresStore;
use crate::server::store::usage::{
    self, DayCount, HourCount, IssuedTokens, KEPT_COUNTS, KEPT_ISSUED, MOST_COUNTED_ADDRESSES, StoredUsage, UsageQuery,
    hour,
};

impl PostgresStore {
    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<StoredUsage, StoreError> {
        let UsageQuery { key, first, span, issued_after } = query;
        let mut connection = self.lend().await?;
        let sql = "SELECT hour / $3, sum(uses)::bigint, sum(refusals)::bigint FROM usage
                   WHERE key_id = $1 AND hour >= $2 GROUP BY 1 ORDER BY 1";
        let rows = connection.rows(sql, args![key, first, span.hours()]).await?;
        let counts = rows.iter().map(|row| usage::count(span, row.get(0), row.get(1), row.get(2))).collect();
        let most_used = most(&mut connection, &key, first, "uses").await?;
        let most_refused = most(&mut connection, &key, first, "refusals").await?;
        let sql = "SELECT count(DISTINCT nullif(source, '')), coalesce(bool_or(source = ''), false),
                       (SELECT coalesce(sum(tokens), 0)::bigint FROM live), (SELECT max(at) FROM live)
                   FROM usage WHERE key_id = $1 AND hour >= $2 AND uses > 0";
        let sql = format!(
            "WITH live AS (SELECT tokens, at FROM issued JOIN keys ON id = key_id AND keys.generation = issued.generation
                           WHERE key_id = $1 AND at > $3) {sql}"
        );
        let row = connection.row(&sql, args![key, first, issued_after.timestamp_millis()]).await?;
        let mut usage = StoredUsage { counts, addresses: usage::listed(most_used, most_refused), ..Default::default() };
        if let Some(row) = row {
            usage.address_count = row.get::<_, i64>(0).unsigned_abs();
            usage.has_more_addresses = row.get(1);
            usage.tokens = row.get::<_, i64>(2).unsigned_abs();
            usage.last_token_at = row.get::<_, Option<i64>>(3).map(time);
        }
        Ok(usage)
    }

    /// The uses of keys on each day from the first on, since 1970.
    pub(crate) async fn daily_uses(&self, ids: Vec<String>, first: i64) -> Result<Vec<DayCount>, StoreError> {
        let sql = "SELECT key_id, hour / 24, sum(uses)::bigint FROM usage WHERE key_id = ANY($1) AND hour >= $2 GROUP BY 1, 2";
        let rows = self.lend().await?.rows(sql, args![ids, first * 24]).await?;
        Ok(rows.iter().map(|row| DayCount { key: row.get(0), day: row.get(1), uses: row.get(2) }).collect())
    }

    pub(crate) async fn forget_usage(&self, now: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let (counts, issued) = (hour(now - KEPT_COUNTS), minute(now - KEPT_ISSUED));
        let mut full = false;
        for (table, column, before) in [("usage", "hour", counts), ("issued", "minute", issued)] {
            // Servers do this at the same time: none waits for another.
            let sql = format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY
                     (SELECT ctid FROM {table} WHERE {column} < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))"
            );
            full |= self.lend().await?.execute(&sql, args![before, limit]).await? == most as u64;
        }
        Ok(full)
    }
}

/// Adds to what was counted before. Every server takes rows in the same order, or two would wait for each other.
pub(crate) async fn add(
    transaction: &mut Lent<'_>,
    counts: &[HourCount],
    issued: &[IssuedTokens],
) -> Result<(), StoreError> {
    let (ms, number) =
        (|at: DateTime<Utc>| at.timestamp_millis(), |count: u64| i64::try_from(count).unwrap_or(i64::MAX));
    if !counts.is_empty() {
        let keys: Vec<&str> = counts.iter().map(|count| count.key.as_str()).collect();
        let hours: Vec<i64> = counts.iter().map(|count| count.hour).collect();
        let sources: Vec<&str> = counts.iter().map(|count| count.address.as_str()).collect();
        let uses: Vec<i64> = counts.iter().map(|count| number(count.uses)).collect();
        let refusals: Vec<i64> = counts.iter().map(|count| number(count.refusals)).collect();
        let last_used: Vec<Option<i64>> = counts.iter().map(|count| count.used_at.map(ms)).collect();
        let last_refused: Vec<Option<i64>> = counts.iter().map(|count| count.refused_at.map(ms)).collect();
        let most = i64::from(MOST_COUNTED_ADDRESSES);
        let sql = "INSERT INTO usage AS old (key_id, hour, source, uses, refusals, used_at, refused_at)
                   SELECT key_id, hour, CASE WHEN is_stored OR stored + nth <= $8 THEN source ELSE '' END AS kept,
                          sum(uses), sum(refusals), max(used_at), max(refused_at)
                   FROM (SELECT *, row_number() OVER (PARTITION BY key_id, hour, is_stored, source = ''
                                                      ORDER BY source) AS nth
                         FROM (SELECT *,
                                      EXISTS (SELECT 1 FROM usage u WHERE u.key_id = new.key_id AND u.hour = new.hour
                                                                      AND u.source = new.source) AS is_stored,
                                      (SELECT count(*) FROM usage u WHERE u.key_id = new.key_id AND u.hour = new.hour
                                                                      AND u.source <> '') AS stored
                               FROM unnest($1, $2, $3, $4, $5, $6, $7)
                                    AS new (key_id, hour, source, uses, refusals, used_at, refused_at)) new) new
                   GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                   ON CONFLICT (key_id, hour, source) DO UPDATE SET
                       uses = old.uses + excluded.uses,
                       refusals = old.refusals + excluded.refusals,
                       used_at = greatest(old.used_at, excluded.used_at),
                       refused_at = greatest(old.refused_at, excluded.refused_at)";
        transaction.execute(sql, args![keys, hours, sources, uses, refusals, last_used, last_refused, most]).await?;
    }
    if !issued.is_empty() {
        let keys: Vec<&str> = issued.iter().map(|issued| issued.key.as_str()).collect();
        let generations: Vec<i64> = issued.iter().map(|issued| issued.generation).collect();
        let minutes: Vec<i64> = issued.iter().map(|issued| issued.minute).collect();
        let tokens: Vec<i64> = issued.iter().map(|issued| number(issued.tokens)).collect();
        let times: Vec<i64> = issued.iter().map(|issued| ms(issued.at)).collect();
        let sql = "INSERT INTO issued AS old (key_id, generation, minute, tokens, at)
                   SELECT * FROM unnest($1, $2, $3, $4, $5) AS new (key_id, generation, minute, tokens, at)
                   ORDER BY 1, 2, 3
                   ON CONFLICT (key_id, generation, minute) DO UPDATE SET
                       tokens = old.tokens + excluded.tokens, at = greatest(old.at, excluded.at)";
        transaction.execute(sql, args![keys, generations, minutes, tokens, times]).await?;
    }
    Ok(())
}

async fn most(connection: &mut Lent<'_>, key: &str, first: i64, column: &str) -> Result<Vec<AddressUsage>, StoreError> {
    let sql = format!(
        "SELECT source, sum(uses)::bigint, sum(refusals)::bigint, max(used_at), max(refused_at) FROM usage
         WHERE key_id = $1 AND hour >= $2 AND source <> ''
         GROUP BY source HAVING sum({column}) > 0 ORDER BY sum({column}) DESC, source LIMIT $3"
    );
    let most = i64::from(MOST_LISTED_ADDRESSES);
    let rows = connection.rows(&sql, args![key, first, most]).await?;
    Ok(rows.iter().map(address).collect())
}

fn address(row: &Row) -> AddressUsage {
    AddressUsage {
        address: Untrusted::new(row.get(0)),
        uses: row.get::<_, i64>(1).unsigned_abs(),
        refusals: row.get::<_, i64>(2).unsigned_abs(),
        used_at: row.get::<_, Option<i64>>(3).map(time),
        refused_at: row.get::<_, Option<i64>>(4).map(time),
    }
}
