//! Finding keys by a part of their ID or label, among a million in milliseconds.
//!
//! First a short part of the list is read: a frequent text is found there. Then the trigram index names all candidates,
//! so that a rare or absent text costs nothing.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, params};

use super::candidates::Candidates;
use super::walk::{CHECK_EVERY, ListQuery};
use crate::domain::{Order, Sort};
use crate::server::store::error::StoreError;
use crate::server::store::keys::KeyRow;
use crate::server::store::keyset::Keyset;
use crate::server::store::sqlite::row::{SEARCHED, at, column, columns, placed, searched};
use crate::server::store::sqlite::text::{Needle, quoted};
use crate::server::store::status::rank;

/// Rows that are read before the index is asked: a few milliseconds.
const SHORT_WALK: usize = 4_000;
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
pub(crate) fn page(list: &ListQuery<'_>, needle: &Needle) -> Result<Vec<KeyRow>, StoreError> {
    let (found, known) = list.walk(Some(needle), SHORT_WALK)?;
    if known {
        return Ok(found);
    }
    let Some(query) = index_query(list, needle)? else { return Ok(list.walk(Some(needle), usize::MAX)?.0) };
    if list.request.query.sort == Sort::CreatedAt {
        return by_creation(list, needle, &query);
    }
    let candidates = Candidates::collect(list, &query)?;
    if candidates.len <= FEW { sorted(list, needle, &candidates) } else { along_the_list(list, needle, &candidates) }
}

/// How many keys match. A text that a sample shows to be frequent is counted in the table, others by the index.
pub(crate) fn count(list: &ListQuery<'_>, needle: &Needle) -> Result<u64, StoreError> {
    let wanted = list.request.query.filter.status.map(rank);
    if scan(list, needle, None, SAMPLE)? * FREQUENT > u64::from(SAMPLE) {
        return scan(list, needle, wanted, u32::MAX);
    }
    let Some(query) = index_query(list, needle)? else { return scan(list, needle, wanted, u32::MAX) };
    let candidates = Candidates::collect(list, &query)?;
    if candidates.len > SOME {
        return scan(list, needle, wanted, u32::MAX);
    }
    let mut total = 0;
    let mut statement =
        list.connection.prepare_cached(&format!("SELECT {}, state FROM keys WHERE seq = ?1", searched()))?;
    for (n, seq) in candidates.iter().enumerate() {
        if n % CHECK_EVERY == 0 {
            list.cancel.check()?;
        }
        let matches = statement.query_row([seq], |row| counts(row, needle, wanted)).optional()?;
        total += u64::from(matches == Some(true));
    }
    Ok(total)
}

/// How many of the first `most` keys match.
fn scan(list: &ListQuery<'_>, needle: &Needle, wanted: Option<i64>, most: u32) -> Result<u64, StoreError> {
    list.cancel.check()?;
    let sql = format!("SELECT {}, state FROM keys LIMIT ?1", searched());
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut rows = statement.query([most])?;
    let mut total = 0;
    while let Some(row) = rows.next()? {
        total += u64::from(counts(row, needle, wanted)?);
    }
    Ok(total)
}

/// Whether a row of [`SEARCHED`] and the state matches.
fn counts(row: &rusqlite::Row<'_>, needle: &Needle, wanted: Option<i64>) -> rusqlite::Result<bool> {
    let right_state = wanted.is_none_or(|state| row.get(SEARCHED.len()) == Ok(state));
    Ok(right_state && needle.is_in_row(row)?)
}

/// The full-text query whose hits are the candidates; none when the text is too common for the index to help.
fn index_query(list: &ListQuery<'_>, needle: &Needle) -> Result<Option<String>, StoreError> {
    list.cancel.check()?;
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
fn by_creation(list: &ListQuery<'_>, needle: &Needle, query: &str) -> Result<Vec<KeyRow>, StoreError> {
    let mut found = Vec::new();
    if query.is_empty() {
        return Ok(found);
    }
    let (direction, from, to) = match (list.request.query.order, &list.request.after) {
        (Order::Asc, after) => ("ASC", after.as_ref().map_or(0, |place| place.seq), i64::MAX),
        (Order::Desc, after) => ("DESC", 0, after.as_ref().map_or(i64::MAX, |place| place.seq)),
    };
    let sql = format!(
        "SELECT rowid FROM grams WHERE grams MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid {direction}"
    );
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![query, from, to])?;
    while let Some(row) = rows.next()?
        && found.len() < list.wanted()
    {
        found.extend(look_up(list, needle, row.get(0)?)?);
    }
    Ok(found)
}

/// Reads every candidate, sorts those that match and takes the page.
fn sorted(list: &ListQuery<'_>, needle: &Needle, candidates: &Candidates) -> Result<Vec<KeyRow>, StoreError> {
    let sql = format!("SELECT {}, state, {} FROM keys WHERE seq = ?1", searched(), column(list.request.query.sort));
    let mut statement = list.connection.prepare_cached(&sql)?;
    let wanted = list.request.query.filter.status.map(rank);
    let mut places = Vec::new();
    for seq in candidates.iter() {
        let place = statement.query_row([seq], |row| {
            let matches = counts(row, needle, wanted)?;
            matches.then(|| Ok(Keyset { value: row.get(SEARCHED.len() + 1)?, seq })).transpose()
        });
        places.extend(place.optional()?.flatten());
    }
    if let Some(after) = &list.request.after {
        places.retain(|place| match list.request.query.order {
            Order::Asc => place > after,
            Order::Desc => place < after,
        });
    }
    places.sort_unstable();
    if list.request.query.order == Order::Desc {
        places.reverse();
    }
    let mut found = Vec::new();
    for place in places.into_iter().take(list.wanted()) {
        found.extend(look_up(list, needle, place.seq)?);
    }
    Ok(found)
}

/// Reads the index of the list alone, and the rows of candidates only.
fn along_the_list(list: &ListQuery<'_>, needle: &Needle, candidates: &Candidates) -> Result<Vec<KeyRow>, StoreError> {
    let mut found = Vec::new();
    let _ = list.each("seq", |row| {
        let seq = row.get(0)?;
        if candidates.contains(seq) {
            found.extend(look_up(list, needle, seq)?);
        }
        Ok(if found.len() == list.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// The key, if it matches after all: its trigrams may be apart, and it may have another status.
fn look_up(list: &ListQuery<'_>, needle: &Needle, seq: i64) -> Result<Option<KeyRow>, StoreError> {
    let sql = format!("SELECT {} FROM keys WHERE seq = ?1", columns());
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let query = &list.request.query;
    let right_state = match query.filter.status {
        Some(status) => row.get::<_, i64>(const { at("state") })? == rank(status),
        None => true,
    };
    let matches = right_state && needle.is_in_row(row)?;
    Ok(matches.then(|| placed(row, query.sort, list.now)).transpose()?)
}
