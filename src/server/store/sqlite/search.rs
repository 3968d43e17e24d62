//! Finding keys by a part of their ID or label, among a million within a blink.
//!
//! First a short walk along the list: what is frequent is found there. Then the trigram index names all
//! candidates, so that what is rare or absent costs nothing.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, params};

use super::candidates::Candidates;
use super::row::{COLUMNS, KeyRow, column, state};
use super::text::{Needle, quoted};
use super::walk::{ListQuery, placed};
use crate::domain::{Order, Sort};
use crate::server::store::StoreError;

/// How many keys the first walk looks at: a few milliseconds.
const SHORT_WALK: usize = 4_000;
/// So many candidates are looked at one by one and then sorted; with more of them, the list is walked.
const FEW: usize = 8_000;
/// Counting looks at so many candidates one by one; beyond, reading the whole table is faster.
const SOME: usize = 100_000;
/// So many keys show how frequent a text is.
const SAMPLE: u32 = 4_000;
/// A text is frequent when one key in so many has it.
const FREQUENT: u64 = 8;
/// A short text begins so many trigrams at most, or the index is no help.
const MOST_TERMS: usize = 256;
/// A long walk asks so often whether it is still wanted.
const CHECK_EVERY: usize = 4_096;

/// The keys of a page, and one more if there is one.
pub(crate) fn page(ask: &ListQuery<'_>, needle: &Needle) -> Result<Vec<KeyRow>, StoreError> {
    let (found, known) = ask.walk(Some(needle), SHORT_WALK)?;
    if known {
        return Ok(found);
    }
    let Some(query) = index_query(ask, needle)? else { return Ok(ask.walk(Some(needle), usize::MAX)?.0) };
    if ask.request.query.sort == Sort::CreatedAt {
        return by_creation(ask, needle, &query);
    }
    let candidates = Candidates::collect(ask, &query)?;
    if candidates.len <= FEW { sorted(ask, needle, &candidates) } else { along_the_list(ask, needle, &candidates) }
}

/// How many keys match. What a sample shows to be frequent is counted in the table, the rest by the index.
pub(crate) fn count(ask: &ListQuery<'_>, needle: &Needle) -> Result<u64, StoreError> {
    let wanted = ask.request.query.filter.status.map(state);
    if scan(ask, needle, None, SAMPLE)? * FREQUENT > u64::from(SAMPLE) {
        return scan(ask, needle, wanted, u32::MAX);
    }
    let Some(query) = index_query(ask, needle)? else { return scan(ask, needle, wanted, u32::MAX) };
    let candidates = Candidates::collect(ask, &query)?;
    if candidates.len > SOME {
        return scan(ask, needle, wanted, u32::MAX);
    }
    let mut total = 0;
    let mut statement = ask.connection.prepare_cached("SELECT state, id, label_fold FROM keys WHERE seq = ?1")?;
    for (n, seq) in candidates.iter().enumerate() {
        if n % CHECK_EVERY == 0 {
            ask.cancel.check()?;
        }
        let matches = statement.query_row([seq], |row| counts(row, needle, wanted)).optional()?;
        total += u64::from(matches == Some(true));
    }
    Ok(total)
}

/// How many of the first `most` keys match.
fn scan(ask: &ListQuery<'_>, needle: &Needle, wanted: Option<i64>, most: u32) -> Result<u64, StoreError> {
    ask.cancel.check()?;
    let mut statement = ask.connection.prepare_cached("SELECT state, id, label_fold FROM keys LIMIT ?1")?;
    let mut rows = statement.query([most])?;
    let mut total = 0;
    while let Some(row) = rows.next()? {
        total += u64::from(counts(row, needle, wanted)?);
    }
    Ok(total)
}

fn counts(row: &rusqlite::Row<'_>, needle: &Needle, wanted: Option<i64>) -> rusqlite::Result<bool> {
    let right_state = wanted.is_none_or(|state| row.get(0) == Ok(state));
    Ok(right_state && needle.is_in_row(row, 1, 2)?)
}

/// The full-text query whose hits are the candidates; none when the text is too common for the index to help.
fn index_query(ask: &ListQuery<'_>, needle: &Needle) -> Result<Option<String>, StoreError> {
    ask.cancel.check()?;
    let Some(short) = needle.short() else { return Ok(Some(needle.trigrams())) };
    let sql = "SELECT term FROM gram_terms WHERE term >= ?1 AND term < ?1 || char(1114111)";
    let mut statement = ask.connection.prepare_cached(sql)?;
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
fn by_creation(ask: &ListQuery<'_>, needle: &Needle, query: &str) -> Result<Vec<KeyRow>, StoreError> {
    let mut found = Vec::new();
    if query.is_empty() {
        return Ok(found);
    }
    let (direction, from, to) = match (ask.request.query.order, &ask.request.after) {
        (Order::Asc, after) => ("ASC", after.as_ref().map_or(0, |place| place.seq), i64::MAX),
        (Order::Desc, after) => ("DESC", 0, after.as_ref().map_or(i64::MAX, |place| place.seq)),
    };
    let sql = format!(
        "SELECT rowid FROM grams WHERE grams MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid {direction}"
    );
    let mut statement = ask.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![query, from, to])?;
    while let Some(row) = rows.next()?
        && found.len() < ask.wanted()
    {
        found.extend(look_up(ask, needle, row.get(0)?)?);
    }
    Ok(found)
}

/// Looks at every candidate, sorts those that match and takes the page.
fn sorted(ask: &ListQuery<'_>, needle: &Needle, candidates: &Candidates) -> Result<Vec<KeyRow>, StoreError> {
    let sort = ask.request.query.sort;
    let sql = format!("SELECT {}, state, id, label_fold FROM keys WHERE seq = ?1", column(sort));
    let mut statement = ask.connection.prepare_cached(&sql)?;
    let wanted = ask.request.query.filter.status.map(state);
    let mut dirs = Vec::new();
    for seq in candidates.iter() {
        let place = statement.query_row([seq], |row| {
            let matches = wanted.is_none_or(|state| row.get(1) == Ok(state)) && needle.is_in_row(row, 2, 3)?;
            Ok(matches.then_some((Sortable::from(row.get_ref(0)?), seq)))
        });
        dirs.extend(place.optional()?.flatten());
    }
    if let Some(after) = &ask.request.after {
        let after = (Sortable::from(rusqlite::types::ValueRef::from(&after.value)), after.seq);
        dirs.retain(|place| match ask.request.query.order {
            Order::Asc => *place > after,
            Order::Desc => *place < after,
        });
    }
    dirs.sort_unstable();
    if ask.request.query.order == Order::Desc {
        dirs.reverse();
    }
    let mut found = Vec::new();
    for (_, seq) in dirs.into_iter().take(ask.wanted()) {
        found.extend(look_up(ask, needle, seq)?);
    }
    Ok(found)
}

/// Walks the list by its index alone and looks only at candidates.
fn along_the_list(ask: &ListQuery<'_>, needle: &Needle, candidates: &Candidates) -> Result<Vec<KeyRow>, StoreError> {
    let mut found = Vec::new();
    let _ = ask.each("seq", |row| {
        let seq = row.get(0)?;
        if candidates.contains(seq) {
            found.extend(look_up(ask, needle, seq)?);
        }
        Ok(if found.len() == ask.wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// The key, if it matches after all: trigrams may stand apart, and a key may have the wrong status.
fn look_up(ask: &ListQuery<'_>, needle: &Needle, seq: i64) -> Result<Option<KeyRow>, StoreError> {
    let by = column(ask.request.query.sort);
    let sql = format!("SELECT {by}, seq, {COLUMNS}, state FROM keys WHERE seq = ?1");
    let mut statement = ask.connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let right_state = match ask.request.query.filter.status {
        Some(status) => row.get::<_, i64>(11)? == state(status),
        None => true,
    };
    let matches = right_state && needle.is_in_row(row, 2, 10)?;
    matches.then(|| placed(row, ask.now)).transpose()
}

/// A value that sorts as `SQLite` sorts it: text by its bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Sortable {
    Number(i64),
    Text(Vec<u8>),
}

impl From<rusqlite::types::ValueRef<'_>> for Sortable {
    fn from(value: rusqlite::types::ValueRef<'_>) -> Self {
        match value {
            rusqlite::types::ValueRef::Integer(number) => Self::Number(number),
            rusqlite::types::ValueRef::Text(text) => Self::Text(text.to_vec()),
            _ => Self::Number(i64::MIN),
        }
    }
}
