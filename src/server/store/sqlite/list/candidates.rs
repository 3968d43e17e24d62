//! The keys that may match a search.

use super::walk::ListQuery;
use crate::server::store::error::StoreError;

/// The keys that the index names, one bit each: a million in 125 kB.
pub(crate) struct Candidates {
    bits: Vec<u64>,
    /// How many.
    pub(crate) len: usize,
}

impl Candidates {
    pub(crate) fn collect(list: &ListQuery<'_>, query: &str) -> Result<Self, StoreError> {
        let mut all = Self { bits: Vec::new(), len: 0 };
        if query.is_empty() {
            return Ok(all);
        }
        let mut statement = list.connection.prepare_cached("SELECT rowid FROM grams WHERE grams MATCH ?1")?;
        let mut rows = statement.query([query])?;
        while let Some(row) = rows.next()? {
            let seq = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            let word = seq / 64;
            if all.bits.len() <= word {
                all.bits.resize(word + 1, 0);
            }
            all.bits[word] |= 1 << (seq % 64);
            all.len += 1;
        }
        Ok(all)
    }

    pub(crate) fn contains(&self, seq: i64) -> bool {
        usize::try_from(seq).is_ok_and(|seq| self.bits.get(seq / 64).is_some_and(|word| word >> (seq % 64) & 1 == 1))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = i64> {
        (0_i64..)
            .zip(&self.bits)
            .flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit))
    }
}
