//! The keys that may be in a list: what the indexes name, before a row is read.

use std::borrow::Cow;

use rusqlite::params_from_iter;

use crate::server::store::error::StoreError;
use crate::server::store::keyset::SortValue;
use crate::server::store::sought::{ColumnCondition, ColumnTest, StoredColumn, Values};
use crate::server::store::sqlite::keys::list::columns::{ColumnSql, index};
use crate::server::store::sqlite::keys::list::walk::{CHECK_EVERY, ListQuery};

/// Keys, one bit each: a million in 125 kB.
#[derive(Default)]
pub(crate) struct KeySet {
    bits: Vec<u64>,
    /// How many.
    pub(crate) len: usize,
}

/// The keys within a set, if there is one, and outside another.
pub(crate) struct Candidates {
    pub(crate) within: Option<KeySet>,
    outside: KeySet,
}

impl KeySet {
    pub(crate) fn insert(&mut self, seq: i64) {
        let seq = usize::try_from(seq).unwrap_or_default();
        let word = seq / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        let bit = 1 << (seq % 64);
        self.len += usize::from(self.bits[word] & bit == 0);
        self.bits[word] |= bit;
    }

    pub(crate) fn contains(&self, seq: i64) -> bool {
        usize::try_from(seq).is_ok_and(|seq| self.bits.get(seq / 64).is_some_and(|word| word >> (seq % 64) & 1 == 1))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.bits.iter().enumerate().flat_map(|(at, word)| {
            let first = i64::try_from(at).unwrap_or_default() * 64;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        })
    }

    /// Keeps those that are in `other` or, if `inverted`, those that aren't.
    fn retain(&mut self, other: &Self, inverted: bool) {
        let flip = if inverted { u64::MAX } else { 0 };
        self.len = 0;
        for (at, word) in self.bits.iter_mut().enumerate() {
            *word &= other.bits.get(at).copied().unwrap_or(0) ^ flip;
            self.len += usize::try_from(word.count_ones()).unwrap_or_default();
        }
    }

    fn unite(&mut self, other: &Self) {
        if self.bits.len() < other.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        self.len = 0;
        for (at, word) in self.bits.iter_mut().enumerate() {
            *word |= other.bits.get(at).copied().unwrap_or(0);
            self.len += usize::try_from(word.count_ones()).unwrap_or_default();
        }
    }
}

impl Candidates {
    /// Looks up the hits of a full-text query, if there is one, and conditions about columns, until no more than `enough`
    /// keys are left.
    pub(crate) fn collect(
        list: &ListQuery<'_>,
        query: Option<&str>,
        conditions: &[ColumnCondition],
        enough: usize,
    ) -> Result<Self, StoreError> {
        let mut all = Self { within: query.map(|query| hits(list, query)).transpose()?, outside: KeySet::default() };
        for condition in conditions {
            if all.within.as_ref().is_some_and(|within| within.len <= enough) {
                break;
            }
            let condition = smaller_side(list, condition)?;
            let mut found = KeySet::default();
            for tests in &condition.any {
                look_up(list, tests, &mut found)?;
            }
            match (&mut all.within, condition.excluded) {
                (Some(within), excluded) => within.retain(&found, excluded),
                (None, true) => all.outside.unite(&found),
                (None, false) => {
                    found.retain(&all.outside, true);
                    all.within = Some(found);
                }
            }
        }
        Ok(all)
    }

    pub(crate) fn contains(&self, seq: i64) -> bool {
        self.within.as_ref().map_or_else(|| !self.outside.contains(seq), |within| within.contains(seq))
    }

    /// How many there are, of so many keys.
    pub(crate) fn len(&self, of: u64) -> u64 {
        self.within.as_ref().map_or_else(|| of.saturating_sub(self.outside.len as u64), |within| within.len as u64)
    }
}

/// The hits of a full-text query.
fn hits(list: &ListQuery<'_>, query: &str) -> Result<KeySet, StoreError> {
    let mut found = KeySet::default();
    if query.is_empty() {
        return Ok(found);
    }
    let mut statement = list.connection.prepare_cached("SELECT rowid FROM grams WHERE grams MATCH ?1")?;
    let mut rows = statement.query([query])?;
    while let Some(row) = rows.next()? {
        found.insert(row.get(0)?);
    }
    Ok(found)
}

/// Reads the part of an index that holds an alternative of a condition.
fn look_up(list: &ListQuery<'_>, tests: &[ColumnTest], found: &mut KeySet) -> Result<(), StoreError> {
    let ColumnSql { sql, values, .. } = ColumnSql::tests_of(tests, 1);
    let sql = format!("SELECT seq FROM keys INDEXED BY {} WHERE {sql}", index(tests));
    let mut statement = list.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut seen = 0_usize;
    while let Some(row) = rows.next()? {
        if seen.is_multiple_of(CHECK_EVERY) {
            list.check()?;
        }
        seen += 1;
        found.insert(row.get(0)?);
    }
    Ok(())
}

/// The same condition about the fewer keys: most keys are active, never expire, and are older than a few months.
fn smaller_side<'a>(
    list: &ListQuery<'_>,
    condition: &'a ColumnCondition,
) -> Result<Cow<'a, ColumnCondition>, StoreError> {
    let opposite = |any| ColumnCondition { excluded: !condition.excluded, any };
    let one = |column, values| vec![ColumnTest { column, values }];
    match condition.any.first().map(Vec::as_slice) {
        Some([ColumnTest { column: StoredColumn::Ends, values: Values::Is(SortValue::Number(never)) }]) => {
            let ends = Values::Between(None, Some(*never));
            Ok(Cow::Owned(opposite(vec![one(StoredColumn::Ends, ends)])))
        }
        Some([ColumnTest { column: StoredColumn::State, .. }]) => {
            let mut others = Vec::new();
            let (mut here, mut elsewhere) = (0, 0);
            for (state, n) in list.counts()? {
                let tests = one(StoredColumn::State, Values::Is(SortValue::Number(state)));
                if condition.any.contains(&tests) {
                    here += n;
                } else {
                    elsewhere += n;
                    others.push(tests);
                }
            }
            Ok(if here > elsewhere { Cow::Owned(opposite(others)) } else { Cow::Borrowed(condition) })
        }
        Some([ColumnTest { column: StoredColumn::Created, values: Values::Between(None, Some(before)) }]) => {
            let newer = vec![one(StoredColumn::Created, Values::Between(Some(*before), None))];
            Ok(if is_of_most_keys(list, *before)? { Cow::Owned(opposite(newer)) } else { Cow::Borrowed(condition) })
        }
        _ => Ok(Cow::Borrowed(condition)),
    }
}

/// Whether a time is nearer to that of the newest key than to that of the oldest.
fn is_of_most_keys(list: &ListQuery<'_>, time: i64) -> Result<bool, StoreError> {
    let end = |of| list.connection.query_row(&format!("SELECT {of}(created_at) FROM keys"), [], |row| row.get(0));
    let (oldest, newest): (Option<i64>, Option<i64>) = (end("min")?, end("max")?);
    Ok(oldest.zip(newest).is_some_and(|(oldest, newest)| time - oldest > newest - time))
}
