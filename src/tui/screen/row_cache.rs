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
    /// So many cells from the left stay as they are shown.
    kept: u16,
}

impl RowCache {
    /// Of a screen with so many rows, of which nothing is known.
    pub(crate) fn new(height: u16) -> Self {
        Self { rows: vec![CachedRow::default(); usize::from(height)], ..Self::default() }
    }

    /// Whether the terminal shows already what the first `width` cells of row `y` would be drawn from. The caller must then
    /// not draw them: they stay.
    ///
    /// `inputs` is everything that these cells depend on, and nothing else may draw into them.
    pub fn keeps(&mut self, y: u16, width: u16, inputs: &impl Hash) -> bool {
        let Some(row) = self.rows.get_mut(usize::from(y)) else { return false };
        row.drawn = Some(self.fingerprints.hash_one((width, inputs)));
        row.kept = if row.drawn == row.shown { width } else { 0 };
        row.kept > 0
    }

    /// How many cells of row `y`, from the left, stay as they are shown.
    pub(crate) fn kept(&self, y: u16) -> u16 {
        self.rows.get(usize::from(y)).map_or(0, |row| row.kept)
    }

    /// No row stays any more: they have been put into the frame.
    pub(crate) fn release_all(&mut self) {
        for row in &mut self.rows {
            row.kept = 0;
        }
    }

    /// The frame is shown now: the next one begins.
    pub(crate) fn turn(&mut self) {
        for row in &mut self.rows {
            *row = CachedRow { shown: row.drawn, ..CachedRow::default() };
        }
    }
}
