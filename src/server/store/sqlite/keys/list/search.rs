//! Finding keys by what users ask for, among a million in milliseconds.
//!
//! First a short part of the list is read: what is frequent is found there, and in a longer part what is nearly so. Then the indexes name all candidates, so that
//! what is rare or absent costs nothing.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, ToSql, params, params_from_iter};

use crate::domain::{Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::KeyRow;
use crate::server::store::keyset::Keyset;
use crate::server::store::sought::ColumnCondition;
use crate::server::store::sqlite::keys::list::candidates::Candidates;
use crate::server::store::sqlite::keys::list::columns::{ColumnSql, index};
use crate::server::store::sqlite::keys::list::walk::{CHECK_EVERY, ListQuery};
use crate::server::store::sqlite::keys::row::{SEARCHED, column, columns, placed, searched};
use crate::server::store::sqlite::keys::text::{Needle, quoted};

/// Rows that are read before the index is asked: a few milliseconds.
const SHORT_WALK: usize = 4_000;
/// The most rows that are read in order, if a page is likely to be full by then.
const LONG_WALK: usize = 24_000;
/// The most candidates that are read one by one and then sorted; with more of them, the list is read in order.
const FEW: usize = 8_000;
/// The most candidates that are read one by one to count them; beyond, reading the whole table is faster.
const SOME: usize = 100_000;
/// Rows that show how frequent a text is.
const SAMPLE: u32 = 4_000;
/// A text is frequent when one row in this many has it.
const FREQUENT: u64 = 8;
/// The most trigrams that a short text may begin; with more of them the index is no help.
const MOST_TERMS: usize = 256;

/// The keys of a page, and one more if there is one.
pub(crate) fn page(list: &ListQuery<'_>) -> Result<Vec<KeyRow>, StoreError> {
    let (found, known) = list.walk(SHORT_WALK)?;
    if known {
        return Ok(found);
    }
    // Half as many rows again as are needed, if it is as frequent from there on.
    if found.len() * LONG_WALK >= list.wanted() * SHORT_WALK * 3 / 2 {
        let (found, known) = list.walk(LONG_WALK)?;
        if known {
            return Ok(found);
        }
    }
    let query = index_query(list)?;
    let conditions = &list.sought.columns;
    if let (Some(query), []) = (&query, conditions.as_slice())
        && list.request.sort == Sort::CreatedAt
    {
        return by_creation(list, query);
    }
    if query.is_none() && conditions.is_empty() {
        return Ok(list.walk(usize::MAX)?.0);
    }
    let candidates = Candidates::collect(list, query.as_deref(), conditions, FEW)?;
    match &candidates.within {
        Some(within) if within.len <= FEW => sorted(list, within.iter()),
        Some(within) if list.request.sort == Sort::CreatedAt => {
            let after = list.request.after.as_ref().map(|place| place.seq);
            match list.request.order {
                Order::Asc => first(list, within.iter().skip_while(|seq| after.is_some_and(|after| *seq <= after))),
                Order::Desc => {
                    first(list, within.iter().rev().skip_while(|seq| after.is_some_and(|after| *seq >= after)))
                }
            }
        }
        None if list.request.sort == Sort::CreatedAt => Ok(list.walk(usize::MAX)?.0),
        _ => along_the_list(list, &candidates),
    }
}

/// Where a key stands in the list; none if the list doesn't have it.
pub(crate) fn find(list: &ListQuery<'_>, id: &str) -> Result<Option<Keyset>, StoreError> {
    let mut statement = list.connection.prepare_cached("SELECT seq FROM keys WHERE id = ?1")?;
    let Some(seq) = statement.query_row([id], |row| row.get(0)).optional()? else { return Ok(None) };
    Ok(LookUp::new(list).key(seq)?.map(|row| row.place))
}

/// How many keys match.
pub(crate) fn count(list: &ListQuery<'_>) -> Result<u64, StoreError> {
    list.check()?;
    match (list.needle, list.sought.columns.as_slice(), list.sought.state) {
        (None, [], state) => {
            Ok(list.counts()?.iter().filter(|(of, _)| state.is_none_or(|state| state == *of)).map(|(_, n)| n).sum())
        }
        (None, [condition], None) => count_one(list, condition),
        (None, ..) => {
            let all = Candidates::collect(list, None, &list.sought.all_columns(), 0)?;
            Ok(all.len(list.counts()?.iter().map(|(_, n)| n).sum()))
        }
        (Some(needle), ..) => count_texts(list, needle),
    }
}

/// How many keys meet a condition.
fn count_one(list: &ListQuery<'_>, condition: &ColumnCondition) -> Result<u64, StoreError> {
    let mut found = 0;
    for tests in &condition.any {
        list.check()?;
        let ColumnSql { sql, values, .. } = ColumnSql::tests_of(tests, 1);
        let sql = format!("SELECT count(*) FROM keys INDEXED BY {} WHERE {sql}", index(tests));
        let mut statement = list.connection.prepare_cached(&sql)?;
        found += statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))?.unsigned_abs();
    }
    let all: u64 = list.counts()?.iter().map(|(_, n)| n).sum();
    Ok(if condition.excluded { all.saturating_sub(found) } else { found })
}

/// The same of texts. What a sample shows to be frequent is counted in the table, others by the index.
fn count_texts(list: &ListQuery<'_>, needle: &Needle) -> Result<u64, StoreError> {
    let conditions = list.sought.all_columns();
    if scan(list, needle, &[], SAMPLE)? * FREQUENT > u64::from(SAMPLE) {
        return scan(list, needle, &conditions, u32::MAX);
    }
    let query = index_query(list)?;
    if query.is_none() && conditions.is_empty() {
        return scan(list, needle, &conditions, u32::MAX);
    }
    let candidates = Candidates::collect(list, query.as_deref(), &conditions, SOME)?;
    let Some(within) = candidates.within.filter(|within| within.len <= SOME) else {
        return scan(list, needle, &conditions, u32::MAX);
    };
    let mut total = 0;
    let columns = ColumnSql::all(&conditions, 2);
    let sql = format!("SELECT {}, {} AS meets FROM keys WHERE seq = ?1", searched(), columns.sql);
    let mut statement = list.connection.prepare_cached(&sql)?;
    for (n, seq) in within.iter().enumerate() {
        if n % CHECK_EVERY == 0 {
            list.check()?;
        }
        let matches = statement.query_row(of_one(&seq, &columns), |row| matches(row, Some(needle))).optional()?;
        total += u64::from(matches == Some(true));
    }
    Ok(total)
}

/// How many of the first `most` keys match.
fn scan(list: &ListQuery<'_>, needle: &Needle, conditions: &[ColumnCondition], most: u32) -> Result<u64, StoreError> {
    list.check()?;
    let columns = ColumnSql::all(conditions, 2);
    let sql = format!("SELECT {}, {} AS meets FROM keys LIMIT ?1", searched(), columns.sql);
    let mut statement = list.connection.prepare_cached(&sql)?;
    let most = i64::from(most);
    let mut rows = statement.query(of_one(&most, &columns))?;
    let (mut total, mut seen) = (0, 0_usize);
    while let Some(row) = rows.next()? {
        if seen.is_multiple_of(CHECK_EVERY) {
            list.check()?;
        }
        seen += 1;
        total += u64::from(matches(row, Some(needle))?);
    }
    Ok(total)
}

/// Whether a row matches that has [`SEARCHED`] as its first columns, and then whether it meets the conditions.
fn matches(row: &rusqlite::Row<'_>, needle: Option<&Needle>) -> rusqlite::Result<bool> {
    Ok(row.get("meets")? && needle.map_or(Ok(true), |needle| needle.is_in_row(row))?)
}

/// The values of a statement about one number and what is selected.
fn of_one<'a>(number: &'a i64, columns: &'a ColumnSql) -> rusqlite::ParamsFromIter<Vec<&'a dyn ToSql>> {
    let number: &dyn ToSql = number;
    params_from_iter(std::iter::once(number).chain(columns.values.iter().map(|value| value as &dyn ToSql)).collect())
}

/// The full-text query whose hits are the candidates; none without words, and when they are too common for the index to
/// help.
fn index_query(list: &ListQuery<'_>) -> Result<Option<String>, StoreError> {
    list.check()?;
    let Some(needle) = list.needle.filter(|needle| needle.has_words()) else { return Ok(None) };
    let Some(short) = needle.short() else { return Ok(Some(needle.trigrams())) };
    let sql = "SELECT term FROM gram_terms WHERE term >= ?1 AND term < ?1 || char(1114111)";
    let mut statement = list.connection.prepare_cached(sql)?;
    let mut rows = statement.query([short])?;
    let mut terms: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        if terms.len() == MOST_TERMS {
            return Ok(None);
        }
        terms.push(row.get(0)?);
    }
    Ok(Some(quoted(terms.iter().map(String::as_str), " OR ")))
}

/// The index gives its hits in the order of creation, which is the order wanted.
fn by_creation(list: &ListQuery<'_>, query: &str) -> Result<Vec<KeyRow>, StoreError> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let (direction, from, to) = match (list.request.order, &list.request.after) {
        (Order::Asc, after) => ("ASC", after.as_ref().map_or(0, |place| place.seq), i64::MAX),
        (Order::Desc, after) => ("DESC", 0, after.as_ref().map_or(i64::MAX, |place| place.seq)),
    };
    let sql = format!(
        "SELECT rowid FROM grams WHERE grams MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid {direction}"
    );
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![query, from, to])?;
    let look_up = LookUp::new(list);
    let mut found = Vec::new();
    while let Some(row) = rows.next()?
        && found.len() < list.wanted()
    {
        found.extend(look_up.key(row.get(0)?)?);
    }
    Ok(found)
}

/// The first of the candidates that match.
fn first(list: &ListQuery<'_>, candidates: impl Iterator<Item = i64>) -> Result<Vec<KeyRow>, StoreError> {
    let look_up = LookUp::new(list);
    let mut found = Vec::new();
    for (n, seq) in candidates.enumerate() {
        if n % CHECK_EVERY == 0 {
            list.check()?;
        }
        found.extend(look_up.key(seq)?);
        if found.len() == list.wanted() {
            break;
        }
    }
    Ok(found)
}

/// Reads every candidate, sorts those that match and takes the page.
fn sorted(list: &ListQuery<'_>, candidates: impl Iterator<Item = i64>) -> Result<Vec<KeyRow>, StoreError> {
    let columns = ColumnSql::all(&list.sought.all_columns(), 2);
    let by = column(list.request.sort);
    let sql = format!("SELECT {}, {by}, {} AS meets FROM keys WHERE seq = ?1", searched(), columns.sql);
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut places = Vec::new();
    for seq in candidates {
        let place = statement.query_row(of_one(&seq, &columns), |row| {
            let matches = matches(row, list.needle)?;
            matches.then(|| Ok(Keyset { value: row.get(SEARCHED.len())?, seq })).transpose()
        });
        places.extend(place.optional()?.flatten());
    }
    if let Some(after) = &list.request.after {
        places.retain(|place| match list.request.order {
            Order::Asc => place > after,
            Order::Desc => place < after,
        });
    }
    places.sort_unstable();
    if list.request.order == Order::Desc {
        places.reverse();
    }
    first(list, places.into_iter().map(|place| place.seq))
}

/// Reads the index of the list alone, and the rows of candidates only.
fn along_the_list(list: &ListQuery<'_>, candidates: &Candidates) -> Result<Vec<KeyRow>, StoreError> {
    let look_up = LookUp::new(list);
    let mut found = Vec::new();
    let _ = list.each("seq", &[], |row| {
        let seq = row.get(0)?;
        if candidates.contains(seq) {
            found.extend(look_up.key(seq)?);
        }
        Ok(if found.len() == list.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// Reads keys that may match.
struct LookUp<'a> {
    list: &'a ListQuery<'a>,
    columns: ColumnSql,
    sql: String,
}

impl<'a> LookUp<'a> {
    fn new(list: &'a ListQuery<'a>) -> Self {
        let columns = ColumnSql::all(&list.sought.all_columns(), 2);
        let sql = format!("SELECT {}, {} AS meets FROM keys WHERE seq = ?1", self::columns(), columns.sql);
        Self { list, columns, sql }
    }

    /// The key, if it matches after all: its trigrams may be apart, and not every condition was looked up.
    fn key(&self, seq: i64) -> Result<Option<KeyRow>, StoreError> {
        let mut statement = self.list.connection.prepare_cached(&self.sql)?;
        let mut rows = statement.query(of_one(&seq, &self.columns))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let matches = matches(row, self.list.needle)?;
        Ok(matches.then(|| placed(row, self.list.request.sort, self.list.now)).transpose()?)
    }
}
