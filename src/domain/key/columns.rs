//! The columns of the page's list, and how much room they take.

use super::Sort;
use super::fields::{FIELDS, by_rank};
use crate::domain::Dates;

/// Cells of the mark of a time that comes soon, with a blank: the times of a column end before it, marked or not.
pub const MARK: usize = 3;

/// Columns of a higher rank come after the details of the selected key, which tell the same.
pub const AFTER_DETAILS: u8 = 75;

/// Cells of an ID of ours.
const ID: usize = 20;
/// Cells that the words of a rotation take behind a status.
const ROTATION: usize = 3;
/// Beside columns that the user has chosen, the label may be as short.
const CHOSEN_BESIDE: usize = 12;

/// A column of the page's list.
#[derive(Clone, Copy, Debug)]
pub struct ListColumn {
    /// Its name at the top.
    pub title: &'static str,
    /// Columns are in this order, from the left.
    pub order: u8,
    /// The sort by it, if there is one.
    pub sort: Option<Sort>,
    pub width: ColumnWidth,
    /// It is shown if the label still has so many cells beside it, or all that it needs.
    pub beside: usize,
}

/// How many cells a column of the page's list takes.
#[derive(Clone, Copy, Debug)]
pub enum ColumnWidth {
    /// What the widest ID needs.
    Id,
    /// What the widest text needs, and never more than the others leave.
    Rest,
    /// What the widest text needs: so many at the most, and more if they are left.
    Text(usize),
    /// So many.
    Cells(usize),
    /// So many, or what a date and a time of day need.
    Date(usize),
    /// The same, its text at the right end.
    Age(usize),
    /// The same, but before [`MARK`] cells for a mark that some keys have.
    MarkedAge(usize),
}

impl ColumnWidth {
    /// Its cells, if they don't depend on what is in it.
    pub fn fixed(self, dates: Dates) -> Option<usize> {
        match self {
            Self::Id | Self::Rest | Self::Text(_) => None,
            Self::Cells(cells) => Some(cells),
            Self::Date(cells) | Self::Age(cells) => Some(dates.cells().unwrap_or(cells)),
            Self::MarkedAge(cells) => Some(dates.cells().map_or(cells, |cells| cells + MARK)),
        }
    }
}

/// The columns of the page's list, as far as the user chose them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Their indices in [`FIELDS`], from the left.
    indices: Vec<usize>,
    are_chosen: bool,
}

impl Default for Columns {
    /// All.
    fn default() -> Self {
        let mut indices: Vec<usize> = (0..FIELDS.len()).collect();
        indices.sort_unstable_by_key(|&index| FIELDS[index].column.order);
        Self { indices, are_chosen: false }
    }
}

impl Columns {
    /// Those of these indices in [`FIELDS`], from the left; all if there are none.
    pub fn chosen(indices: Vec<usize>) -> Self {
        if indices.is_empty() { Self::default() } else { Self { indices, are_chosen: true } }
    }

    /// Their indices in [`FIELDS`], from the left.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Whether the field of this name is one of them.
    pub fn has(&self, name: &str) -> bool {
        self.indices.iter().any(|&index| FIELDS[index].name == name)
    }

    pub const fn are_chosen(&self) -> bool {
        self.are_chosen
    }

    /// How many cells the label keeps beside a column.
    pub fn beside(&self, column: ListColumn) -> usize {
        if self.are_chosen { column.beside.min(CHOSEN_BESIDE) } else { column.beside }
    }

    /// The columns by their worth: those that stay longest come first.
    pub fn by_worth(&self) -> impl Iterator<Item = usize> {
        by_rank().into_iter().filter(|index| self.indices.contains(index))
    }

    /// The least cells of a list that has all of them, but what comes after the details unless it was chosen.
    pub fn cells(&self, dates: Dates) -> usize {
        let all = self.by_worth().map(|index| &FIELDS[index]);
        let all: Vec<_> = all.filter(|field| self.are_chosen || field.keep < AFTER_DETAILS).collect();
        let beside = all.iter().map(|field| self.beside(field.column)).max().unwrap_or(0);
        let cells = all.iter().map(|field| match field.column.width {
            ColumnWidth::Id => ID,
            ColumnWidth::Rest => beside,
            ColumnWidth::Text(cells) => cells.max(field.column.title.len() + 1),
            ColumnWidth::Cells(cells) => cells + ROTATION,
            width => width.fixed(dates).unwrap_or(0),
        });
        2 + cells.map(|cells| cells + 1).sum::<usize>()
    }
}
