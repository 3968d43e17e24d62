//! A page of keys, in two or three statements: which plan is taken is decided here, not by the database's estimates.
//!
//! First a short part of the list is read: what is frequent is found there. Then the indexes name all candidates, so that
//! what is rare or absent costs nothing.

use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::domain::{Conditions, Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::{COUNTED_FOR, KeyPage, KeyRow, PageQuery};
use crate::server::store::keyset::{Keyset, SortValue};
use crate::server::store::postgres::args::{SqlArgs, args};
use crate::server::store::postgres::keys::columns;
use crate::server::store::postgres::keys::grams;
use crate::server::store::postgres::keys::row::{COLUMNS, TABLES, column, order, placed, stored};
use crate::server::store::postgres::keys::too_new;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::sought::{Sought, StoredColumn};

/// Rows that are read before the index is asked: first as many as hold a page of what is in every third or so, as a letter
/// is; then more of them, which takes a few milliseconds.
const SHORT_WALKS: [i64; 2] = [400, 4_000];
/// The most candidates that are read and sorted at once.
const FEW: i64 = 8_000;
/// With more of them, so many rows are read in order first, until the page is full: what is frequent is most often found
/// there. What stands further down is sooner found by sorting all candidates, which takes a second for a hundred thousand.
const LONG_WALK: i64 = 40_000;
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
        let mut conditions = vec![format!("k.id = {}", args.place(id.to_owned()))];
        conditions.extend(list.matches(&mut args));
        let (place, conditions) = (column(list.request.sort), list.conditions(&conditions, &mut args));
        let sql = format!("SELECT {COLUMNS}, {place} AS place FROM {TABLES} WHERE {conditions}");
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

/// A statement that counts what is sought. The alternatives of a condition that stands alone are counted one by one, each
/// in its own index.
fn counting(sought: &Sought, args: &mut SqlArgs) -> String {
    if let ([condition], false, None) = (sought.columns.as_slice(), sought.has_texts(), sought.state) {
        let parts: Vec<String> =
            condition.any.iter().map(|tests| format!("({})", columns::count(tests, args))).collect();
        let found = parts.join(" + ");
        return if condition.excluded {
            format!("SELECT greatest((SELECT sum(n) FROM counts)::bigint - ({found}), 0)")
        } else {
            format!("SELECT {found}")
        };
    }
    let mut all = texts(sought, args);
    all.extend(grams_of(sought, args));
    all.extend(sought.all_columns().iter().map(|condition| columns::condition(condition, args)));
    format!("SELECT count(*) FROM {} WHERE {}", tables(sought), all.join(" AND "))
}

/// The tables that conditions are about. Without a condition about uses they are not read.
fn tables(sought: &Sought) -> &'static str {
    if columns::need_uses(sought) { TABLES } else { "keys k" }
}

/// Hashes that a key must have which has the words.
fn grams_of(sought: &Sought, args: &mut SqlArgs) -> Option<String> {
    (!sought.words.is_empty()).then(|| format!("k.grams @> {}", args.place(grams::of_words(&sought.words))))
}

/// Whether each word is in an ID or in a folded text, and nothing that must not be there.
fn texts(sought: &Sought, args: &mut SqlArgs) -> Vec<String> {
    let mut of_word = |word: &String| {
        let (lower, upper) = (args.place(word.clone()), args.place(word.to_ascii_uppercase()));
        format!(
            "(strpos(k.label_fold, {lower}) > 0 OR strpos(k.owner_fold, {lower}) > 0
              OR strpos(k.note_fold, {lower}) > 0 OR strpos(k.id, {upper}) > 0)"
        )
    };
    let mut all: Vec<String> = sought.words.iter().map(&mut of_word).collect();
    all.extend(sought.without.iter().map(|word| format!("NOT {}", of_word(word))));
    all
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

/// A list that is asked for.
struct ListStatement<'a> {
    request: &'a PageQuery,
    /// What its conditions come to.
    sought: &'a Sought,
    /// The number of a key after which none is found, if that is known.
    last: Option<i64>,
}

impl ListStatement<'_> {
    /// One more than was asked for, which tells whether keys follow.
    fn wanted(&self) -> i64 {
        i64::try_from(self.request.limit).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The page without a search.
    async fn walk(&self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = SqlArgs::default();
        let sql = self.ordered(self.wanted(), &mut args);
        connection.rows(&sql, &args.list()).await
    }

    /// The page of a search.
    async fn search(&mut self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        for length in SHORT_WALKS.into_iter().filter(|length| *length > self.wanted()) {
            let (found, is_all) = self.search_beginning(length, connection).await?;
            if is_all || found.len() > self.request.limit {
                return Ok(found);
            }
        }
        if self.request.order == Order::Desc {
            self.last = too_new::last_match(self.sought, connection).await?;
        }
        let mut args = SqlArgs::default();
        let mut named: Vec<String> = grams_of(self.sought, &mut args).into_iter().collect();
        named.extend(self.sought.all_columns().iter().map(|condition| columns::condition(condition, &mut args)));
        let candidates = if named.is_empty() {
            FEW + 1
        } else {
            let (tables, named) = (tables(self.sought), named.join(" AND "));
            let most = args.place(FEW + 1);
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {tables} WHERE {named} LIMIT {most}) few");
            connection.row(&sql, &args.list()).await?.map_or(0, |row| row.get::<_, i64>(0))
        };
        if candidates > FEW {
            let found = self.search_in_order(LONG_WALK, connection).await?;
            if found.len() > self.request.limit {
                return Ok(found);
            }
        }
        self.search_candidates(connection).await
    }

    /// What is found in so many rows, until the page is full.
    async fn search_in_order(&self, length: i64, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = SqlArgs::default();
        let part = self.beginning(length, &mut args);
        let order = self.order("place", "seq");
        let wanted = args.place(self.wanted());
        let sql = format!("SELECT * FROM ({part}) part WHERE matches ORDER BY {order} LIMIT {wanted}");
        connection.rows(&sql, &args.list()).await
    }

    /// What is found among all that the indexes name.
    async fn search_candidates(&self, connection: &mut Lent<'_>) -> Result<Vec<Row>, StoreError> {
        let mut args = SqlArgs::default();
        let mut conditions = self.matches(&mut args);
        conditions.extend(grams_of(self.sought, &mut args));
        let conditions = self.conditions(&conditions, &mut args);
        let sort = self.request.sort;
        let tables = if sort == Sort::LastUsedAt { TABLES } else { tables(self.sought) };
        let (seq, place, order) = (order(sort), column(sort), self.order("place", "seq"));
        let wanted = args.place(self.wanted());
        let sql = format!(
            "WITH hit AS MATERIALIZED (SELECT {seq} AS seq, {place} AS place FROM {tables} WHERE {conditions}),
                  page AS MATERIALIZED (SELECT * FROM hit ORDER BY {order} LIMIT {wanted})
             SELECT {COLUMNS}, page.place FROM page JOIN keys k ON k.seq = page.seq JOIN uses u ON u.seq = page.seq
             ORDER BY {}",
            self.order("page.place", "page.seq")
        );
        connection.rows(&sql, &args.list()).await
    }

    /// What is found in so many rows from the beginning of the list, and whether those are all.
    async fn search_beginning(&self, length: i64, connection: &mut Lent<'_>) -> Result<(Vec<Row>, bool), StoreError> {
        let mut args = SqlArgs::default();
        let part = self.beginning(length, &mut args);
        let sql = format!(
            "WITH part AS MATERIALIZED ({part})
             SELECT (SELECT count(*) FROM part) AS walked, hit.* FROM (SELECT) one LEFT JOIN LATERAL
                 (SELECT * FROM part WHERE matches ORDER BY {} LIMIT {}) hit ON true",
            self.order("place", "seq"),
            args.place(self.wanted())
        );
        let rows = connection.rows(&sql, &args.list()).await?;
        let is_all = rows.first().is_none_or(|row| row.get::<_, i64>("walked") < length);
        Ok((rows.into_iter().filter(|row| row.get::<_, Option<i64>>("seq").is_some()).collect(), is_all))
    }

    /// So many rows from the beginning of the list, each with whether it matches.
    fn beginning(&self, length: i64, args: &mut SqlArgs) -> String {
        let matches = self.matches(args).join(" AND ");
        let sort = self.request.sort;
        let conditions = self.conditions(&[], args);
        format!(
            "SELECT {COLUMNS}, {} AS place, {matches} AS matches FROM {TABLES} WHERE {conditions} ORDER BY {} LIMIT {}",
            column(sort),
            self.order(column(sort), order(sort)),
            args.place(length)
        )
    }

    /// The rows after the cursor, in order.
    fn ordered(&self, limit: i64, args: &mut SqlArgs) -> String {
        let sort = self.request.sort;
        let conditions = self.conditions(&[], args);
        let (place, order) = (column(sort), self.order(column(sort), order(sort)));
        let limit = args.place(limit);
        format!("SELECT {COLUMNS}, {place} AS place FROM {TABLES} WHERE {conditions} ORDER BY {order} LIMIT {limit}")
    }

    fn order(&self, value: &str, seq: &str) -> String {
        let direction = match self.request.order {
            Order::Asc => "ASC",
            Order::Desc => "DESC",
        };
        // Where all rows have the same value, the index of that state is in the order of creation.
        let sort = self.request.sort;
        let is_same = sort == Sort::CreatedAt || sort == Sort::Status && self.sought.state.is_some();
        if is_same { format!("{seq} {direction}") } else { format!("{value} {direction}, {seq} {direction}") }
    }

    /// The state filtered by, where in the list it can be, the cursor, and `more` conditions.
    fn conditions(&self, more: &[String], args: &mut SqlArgs) -> String {
        let sort = self.request.sort;
        let mut all = more.to_vec();
        let bounds = stored(sort).map(|column| self.sought.bounds(column)).unwrap_or_default();
        all.extend(bounds.iter().map(|bound| columns::one(bound, bound.column == StoredColumn::LastUsed, args)));
        if let Some(state) = self.sought.state {
            let table = if sort == Sort::LastUsedAt { "u" } else { "k" };
            all.push(format!("{table}.state = {}", args.place(state)));
        }
        if let Some(last) = self.last {
            all.push(format!("{} <= {}", order(sort), args.place(last)));
        }
        if let Some(after) = &self.request.after {
            let beyond = match self.request.order {
                Order::Asc => ">",
                Order::Desc => "<",
            };
            let seq = args.place(after.seq);
            all.push(if sort == Sort::CreatedAt {
                format!("k.seq {beyond} {seq}")
            } else {
                let value = match &after.value {
                    SortValue::Number(number) => args.place(*number),
                    SortValue::Text(text) => args.place(text.clone()),
                };
                format!("({}, {}) {beyond} ({value}, {seq})", column(sort), order(sort))
            });
        }
        if all.is_empty() { "true".to_owned() } else { all.join(" AND ") }
    }

    /// What a row must meet besides its state.
    fn matches(&self, args: &mut SqlArgs) -> Vec<String> {
        let mut all = texts(self.sought, args);
        all.extend(self.sought.columns.iter().map(|condition| columns::condition(condition, args)));
        all
    }
}
