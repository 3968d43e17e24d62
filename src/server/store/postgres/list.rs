//! A page of keys, in two or three statements: which plan is taken is decided here, not by the database's estimates.
//!
//! First a short part of the list is read: a frequent text is found there. Then the index of grams names all candidates,
//! so that a rare or absent text costs nothing.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::args::{Args, args};
use super::connection::Lent;
use super::grams;
use super::row::{COLUMNS, TABLES, column, order, placed};
use super::store::PostgresStore;
use crate::domain::{Order, Sort, words};
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyPage, KeyRow, PageQuery};
use crate::server::store::keyset::SortValue;
use crate::server::store::status::rank;

/// Rows that are read before the index is asked: a few milliseconds.
const SHORT_WALK: i64 = 4_000;
/// The most candidates that are read and sorted; with more of them, the list is read in order.
const FEW: i64 = 8_000;
/// How long all matches of a text may be counted, in milliseconds (HTTP contract, second edition).
const COUNTED_FOR: u32 = 300;
/// How many keys a sweep moves at once.
const SWEPT_AT_ONCE: i64 = 1_000;

impl PostgresStore {
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        let mut connection = self.lend().await?;
        sweep(&mut connection, now).await?;
        let words: Vec<String> = words(&request.query.filter.text).collect();
        let list = List { request: &request, words: &words };
        let mut rows =
            if words.is_empty() { list.walk(&mut connection).await? } else { list.search(&mut connection).await? };
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        let keys = rows.iter().map(|row| placed(row, request.query.sort, now));
        let keys = keys.collect::<Result<Vec<KeyRow>, StoreError>>()?;
        let whole = !more && request.after.is_none();
        let total = match () {
            () if !request.total => None,
            () if whole => Some(keys.len() as u64),
            () if words.is_empty() => Some(list.count_all(&mut connection).await?),
            () => {
                drop(connection);
                list.count(self).await?
            }
        };
        Ok(KeyPage { keys, more, total })
    }
}

/// Brings stored states up to date; also backwards, if the clock was set back. What another server is moving is left to
/// it.
async fn sweep(connection: &mut Lent<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let at = now.timestamp_millis();
    let due = "SELECT EXISTS (SELECT 1 FROM keys WHERE state <> 1 AND expires_at IS NOT NULL AND expires_at <= $1)
                   OR EXISTS (SELECT 1 FROM keys WHERE state = 1 AND expires_at > $1)";
    if !connection.row(due, args![at]).await?.is_some_and(|row| row.get(0)) {
        return Ok(());
    }
    let moves = [
        ("1", "state <> 1 AND expires_at IS NOT NULL AND expires_at <= $1"),
        ("CASE WHEN switched_off THEN 2 ELSE 0 END", "state = 1 AND expires_at > $1"),
    ];
    for (state, which) in moves {
        let sql = format!(
            "UPDATE keys SET state = {state} WHERE seq IN
                 (SELECT seq FROM keys WHERE {which} LIMIT $2 FOR UPDATE SKIP LOCKED)"
        );
        while connection.execute(&sql, args![at, SWEPT_AT_ONCE]).await? == SWEPT_AT_ONCE.unsigned_abs() {}
    }
    Ok(())
}

/// A list that is asked for.
struct List<'a> {
    request: &'a PageQuery,
    /// What is searched for, folded.
    words: &'a [String],
}

impl List<'_> {
    /// One more than was asked for, which tells whether keys follow.
    fn wanted(&self) -> i64 {
        i64::try_from(self.request.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The page without a search.
    async fn walk(&self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = Args::default();
        let sql = self.ordered(&[], self.wanted(), &mut args);
        connection.rows(&sql, &args.list()).await
    }

    /// The page of a search.
    async fn search(&self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = Args::default();
        let part = self.walked(&mut args);
        let sql = format!(
            "WITH part AS MATERIALIZED ({part})
             SELECT (SELECT count(*) FROM part) AS walked, hit.* FROM (SELECT) one LEFT JOIN LATERAL
                 (SELECT * FROM part WHERE matches ORDER BY {} LIMIT {}) hit ON true",
            self.order("place", "seq"),
            args.place(self.wanted())
        );
        let rows = connection.rows(&sql, &args.list()).await?;
        let is_all = rows.first().is_none_or(|row| row.get::<_, i64>("walked") < SHORT_WALK);
        let found: Vec<Row> = rows.into_iter().filter(|row| row.get::<_, Option<i64>>("seq").is_some()).collect();
        if is_all || found.len() > self.request.limit {
            return Ok(found);
        }
        let grams = grams::of_words(self.words);
        let sql = "SELECT count(*) FROM (SELECT 1 FROM keys WHERE grams @> $1 LIMIT $2) few";
        let candidates = connection.row(sql, args![grams, FEW + 1]).await?.map_or(0, |row| row.get::<_, i64>(0));
        let mut args = Args::default();
        let conditions = self.matches(&mut args);
        let sql = if candidates > FEW {
            self.ordered(&[conditions], self.wanted(), &mut args)
        } else {
            let hits = format!("k.grams @> {}", args.place(grams));
            let hits = self.select(&[hits, conditions], &mut args);
            format!(
                "WITH hit AS MATERIALIZED ({hits}) SELECT * FROM hit ORDER BY {} LIMIT {}",
                self.order("place", "seq"),
                args.place(self.wanted())
            )
        };
        connection.rows(&sql, &args.list()).await
    }

    /// The beginning of the list, each row with whether it matches.
    fn walked(&self, args: &mut Args) -> String {
        let matches = self.matches(args);
        let query = &self.request.query;
        let conditions = self.conditions(&[], args);
        format!(
            "SELECT {COLUMNS}, {} AS place, {matches} AS matches FROM {TABLES} WHERE {conditions} ORDER BY {} LIMIT {}",
            column(query.sort),
            self.order(column(query.sort), order(query.sort)),
            args.place(SHORT_WALK)
        )
    }

    /// The rows after the cursor, in order.
    fn ordered(&self, conditions: &[String], limit: i64, args: &mut Args) -> String {
        let sort = self.request.query.sort;
        let select = self.select(conditions, args);
        format!("{select} ORDER BY {} LIMIT {}", self.order(column(sort), order(sort)), args.place(limit))
    }

    /// The rows after the cursor, in no order.
    fn select(&self, conditions: &[String], args: &mut Args) -> String {
        let conditions = self.conditions(conditions, args);
        let place = column(self.request.query.sort);
        format!("SELECT {COLUMNS}, {place} AS place FROM {TABLES} WHERE {conditions}")
    }

    fn order(&self, value: &str, seq: &str) -> String {
        let query = &self.request.query;
        let direction = match query.order {
            Order::Asc => "ASC",
            Order::Desc => "DESC",
        };
        // Where all rows have the same value, the index of that state is in the order of creation.
        let is_same = query.sort == Sort::CreatedAt || query.sort == Sort::Status && query.filter.status.is_some();
        if is_same { format!("{seq} {direction}") } else { format!("{value} {direction}, {seq} {direction}") }
    }

    /// The state filtered by, the cursor, and `more` conditions.
    fn conditions(&self, more: &[String], args: &mut Args) -> String {
        let query = &self.request.query;
        let mut all = more.to_vec();
        if let Some(status) = query.filter.status {
            let table = if query.sort == Sort::LastUsedAt { "u" } else { "k" };
            all.push(format!("{table}.state = {}", args.place(rank(status))));
        }
        if let Some(after) = &self.request.after {
            let beyond = match query.order {
                Order::Asc => ">",
                Order::Desc => "<",
            };
            let seq = args.place(after.seq);
            all.push(if query.sort == Sort::CreatedAt {
                format!("k.seq {beyond} {seq}")
            } else {
                let value = match &after.value {
                    SortValue::Number(number) => args.place(*number),
                    SortValue::Text(text) => args.place(text.clone()),
                };
                format!("({}, {}) {beyond} ({value}, {seq})", column(query.sort), order(query.sort))
            });
        }
        if all.is_empty() { "true".to_owned() } else { all.join(" AND ") }
    }

    /// Whether each word is in an ID or in a folded text.
    fn matches(&self, args: &mut Args) -> String {
        let of_word = |word: &String| {
            let (lower, upper) = (args.place(word.clone()), args.place(word.to_ascii_uppercase()));
            format!(
                "(strpos(k.label_fold, {lower}) > 0 OR strpos(k.owner_fold, {lower}) > 0
                  OR strpos(k.note_fold, {lower}) > 0 OR strpos(k.id, {upper}) > 0)"
            )
        };
        let words: Vec<String> = self.words.iter().map(of_word).collect();
        words.join(" AND ")
    }

    /// The number of keys without regard to text.
    async fn count_all(&self, connection: &mut Lent<'_>) -> Result<u64, StoreError> {
        let state = self.request.query.filter.status.map(rank);
        let sql = "SELECT coalesce(sum(n), 0)::bigint FROM counts WHERE $1::bigint IS NULL OR state = $1";
        let row = connection.row(sql, args![state]).await?;
        Ok(row.map_or(0, |row| row.get::<_, i64>(0).max(0).unsigned_abs()))
    }

    /// The number of keys that match, unless that takes too long.
    async fn count(&self, store: &PostgresStore) -> Result<Option<u64>, StoreError> {
        let mut args = Args::default();
        let mut all = vec![format!("k.grams @> {}", args.place(grams::of_words(self.words))), self.matches(&mut args)];
        if let Some(status) = self.request.query.filter.status {
            all.push(format!("k.state = {}", args.place(rank(status))));
        }
        let sql = format!("SELECT count(*) FROM keys k WHERE {}", all.join(" AND "));
        let mut transaction = store.begin_to_read().await?;
        transaction.batch(&format!("SET LOCAL statement_timeout = {COUNTED_FOR}")).await?;
        match transaction.row(&sql, &args.list()).await {
            Ok(row) => {
                transaction.commit().await?;
                Ok(row.map(|row| row.get::<_, i64>(0).unsigned_abs()))
            }
            Err(StoreError::Cancelled) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
