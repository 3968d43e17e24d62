//! Rows that stay as the terminal shows them, so that a press costs what it changes.

use std::hash::{BuildHasher, Hash, RandomState};

/// What the rows were drawn from, by fingerprint. A row that would come out as it is shown is neither drawn nor compared.
///
/// The default knows no row: everything is drawn.
#[derive(Default)]
pub struct RowCache {
    rows: Vec<CachedRow>,
    /// Seeded: a server that could choose two keys with one fingerprint would keep one of them off the screen.
    fingerprints: RandomState,
}

#[derive(Clone, Default)]
struct CachedRow {
    /// Of the row that the terminal shows, if it is known.
    shown: Option<u64>,
    /// Of the row in the frame that is being drawn, if it is known.
    drawn: Option<u64>,
    is_kept: bool,
}

impl RowCache {
    /// Of a screen with so many rows, of which nothing is known.
    pub(crate) fn new(height: u16) -> Self {
        Self { rows: vec![CachedRow::default(); usize::from(height)], ..Self::default() }
    }

    /// Whether the terminal shows already what row `y` would be drawn from. The caller must then not draw it: it stays.
    ///
    /// `inputs` is everything that the whole row depends on, and nothing else may draw into that row.
    pub fn keeps(&mut self, y: u16, inputs: &impl Hash) -> bool {
        let Some(row) = self.rows.get_mut(usize::from(y)) else { return false };
        row.drawn = Some(self.fingerprints.hash_one(inputs));
        row.is_kept = row.drawn == row.shown;
        row.is_kept
    }

    /// Whether row `y` stays as it is shown.
    pub(crate) fn is_kept(&self, y: u16) -> bool {
        self.rows.get(usize::from(y)).is_some_and(|row| row.is_kept)
    }

    /// No row stays any more: they have been put into the frame.
    pub(crate) fn release_all(&mut self) {
        for row in &mut self.rows {
            row.is_kept = false;
        }
    }

    /// The frame is shown now: the next one begins.
    pub(crate) fn turn(&mut self) {
        for row in &mut self.rows {
            *row = CachedRow { shown: row.drawn, ..CachedRow::default() };
        }
    }
}
