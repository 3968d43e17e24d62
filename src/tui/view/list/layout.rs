//! Which columns are shown, and how wide.

use unicode_width::UnicodeWidthStr;

use super::{has_mark, status};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, Columns, FIELDS, FieldWidths, KeyField};
use crate::domain::{Dates, Sort};
use crate::tui::state::{State, Window};
use crate::tui::view::when;
use crate::tui::view::widgets::NARROW;

/// Cells of an ID of ours, and of Passportal; of the widest that is shown whole, on a wide screen.
const ID: (usize, usize, usize) = (20, 32, 64);
/// Cells of an ID without its middle, on a narrow screen.
const SHORT_ID: usize = 11;
/// Cells of the mark, with its blank: the times of a column end before it, marked or not.
pub(super) const MARK: usize = 2;
/// A column that takes the rest is hidden if that is less.
const LEAST: usize = 6;
/// Beside a column that the user has chosen, the label may be as short.
const CHOSEN_BESIDE: usize = 12;

/// A column that is shown.
#[derive(Clone, Copy, Hash)]
pub(super) struct ShownColumn {
    /// Its index in [`FIELDS`].
    pub(super) field: usize,
    /// Its cells.
    pub(super) width: usize,
}

impl ShownColumn {
    pub(super) fn field(self) -> &'static KeyField {
        &FIELDS[self.field]
    }
}

/// The columns that are shown, from the left.
#[derive(Hash)]
pub(super) struct Layout {
    pub(super) columns: Vec<ShownColumn>,
    /// Blanks between two columns.
    pub(super) gap: usize,
    pub(super) is_narrow: bool,
}

impl Layout {
    /// The columns that fit into a list, by what the keys need that are in sight.
    pub(super) fn new(state: &State, window: &Window, width: usize) -> Self {
        let top = state.list.top;
        let mut widest = window.widths(top..top + usize::from(state.panes().list));
        // A status that has a mark needs more cells than its column has.
        let marked = window.rows_from(top).take(usize::from(state.panes().list)).filter(|key| has_mark(key));
        let cells = marked.map(|key| status(key, width < usize::from(NARROW)).0.width()).max().unwrap_or(0);
        for (width, field) in widest.iter_mut().zip(&FIELDS) {
            if field.name == "status" {
                *width = cells;
            }
        }
        Self::fitting(&state.columns, width, widest, state.dates)
    }

    /// The columns that fit: those that stay longest, as long as the label has room.
    fn fitting(columns: &Columns, width: usize, widest: FieldWidths, dates: Dates) -> Self {
        let of_time = when::cells(dates);
        let order = columns.indices();
        // With a cell for the mark of the sort.
        let needed = |index: usize| widest[index].max(FIELDS[index].column.title.width() + 1);
        let cells = |index: usize| match FIELDS[index].column.width {
            // Beside whole dates too, so that both times stay.
            ColumnWidth::Id if width < usize::from(NARROW) || width < 100 && of_time.is_some() => {
                needed(index).min(SHORT_ID)
            }
            ColumnWidth::Id if width < 100 => needed(index).min(ID.0),
            ColumnWidth::Id => needed(index).min(if width < 120 { ID.1 } else { ID.2 }),
            ColumnWidth::Rest => 0,
            ColumnWidth::Text(most) => needed(index).min(most),
            ColumnWidth::Cells(cells) => cells.max(widest[index]),
            ColumnWidth::Date(cells) | ColumnWidth::Age(cells) => of_time.unwrap_or(cells),
            ColumnWidth::MarkedAge(cells) => of_time.map_or(cells, |cells| cells + MARK),
        };
        let rest = order.iter().copied().find(|&index| matches!(FIELDS[index].column.width, ColumnWidth::Rest));
        let of_rest = rest.map_or(0, |index| needed(index) + 1);
        let mut left = width.saturating_sub(2);
        let mut shown = [0; FIELDS.len()];
        // Of those that the user has chosen, the last ones are left out.
        let ranked = if columns.are_chosen() { order.to_vec() } else { fields::by_rank() };
        for index in ranked {
            let column = FIELDS[index].column;
            let is_wanted = order.contains(&index) && Some(index) != rest;
            // What no key has needs no column, unless the user asks for it.
            let is_empty = matches!(column.width, ColumnWidth::Text(_)) && widest[index] == 0 && !columns.are_chosen();
            let beside = if columns.are_chosen() { column.beside.min(CHOSEN_BESIDE) } else { column.beside };
            let of_label = of_rest.min(beside + 1);
            if is_wanted && !is_empty && cells(index) < left.saturating_sub(of_label) + usize::from(of_label == 0) {
                shown[index] = cells(index);
                left -= shown[index] + 1;
            } else if is_wanted && columns.are_chosen() {
                break;
            }
        }
        if let Some(index) = rest.filter(|_| left > LEAST) {
            shown[index] = needed(index).min(left - 1);
            left -= shown[index] + 1;
        }
        // What is left goes to what was cut, and then between the columns.
        for index in fields::by_rank() {
            if matches!(FIELDS[index].column.width, ColumnWidth::Id | ColumnWidth::Text(_)) && shown[index] > 0 {
                let more = needed(index).saturating_sub(shown[index]).min(left);
                (shown[index], left) = (shown[index] + more, left - more);
            }
        }
        let columns = order.iter().map(|&field| ShownColumn { field, width: shown[field] });
        let columns: Vec<_> = columns.filter(|column| column.width > 0).collect();
        let is_narrow = width < usize::from(NARROW);
        Self { gap: if left >= columns.len() { 2 } else { 1 }, columns, is_narrow }
    }

    pub(super) fn has_sort(&self, sort: Sort) -> bool {
        self.columns.iter().any(|column| column.field().column.sort == Some(sort))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &Columns, width: usize, widest: FieldWidths) -> Vec<&'static str> {
        Layout::fitting(columns, width, widest, Dates::Relative)
            .columns
            .iter()
            .map(|column| column.field().name)
            .collect()
    }

    /// In the order of the fields: ID, label, status and so on.
    const KEYS: FieldWidths = [20, 28, 0, 0, 8, 0, 0, 15, 12, 60, 0];

    #[test]
    fn columns_come_as_the_list_grows() {
        let of = |width| names(&Columns::default(), width, KEYS).join(" ");
        assert_eq!(of(40), "id label status");
        assert_eq!(of(50), "id label last_used_at status");
        assert_eq!(of(80), "id label last_used_at expires_at status");
        assert_eq!(of(100), "id label created_at last_used_at expires_at status");
        assert_eq!(of(120), "id label owner created_at created_by last_used_at expires_at status");
        assert_eq!(of(154), "id label owner created_at created_by last_used_at last_used_from expires_at status");
        assert_eq!(of(200), "id label owner created_at created_by last_used_at last_used_from expires_at status note");
        let dated = Layout::fitting(&Columns::default(), 120, KEYS, Dates::Utc);
        let widths: Vec<_> = dated.columns.iter().map(|column| (column.field().name, column.width)).collect();
        assert!(widths.contains(&("last_used_at", 17)) && widths.contains(&("expires_at", 19)), "{widths:?}");
        for dates in [Dates::Relative, Dates::Iso, Dates::Utc] {
            let layout = Layout::fitting(&Columns::default(), 80, KEYS, dates);
            assert!(layout.has_sort(Sort::ExpiresAt) && layout.has_sort(Sort::LastUsedAt), "{dates:?}");
        }
        let counted = FieldWidths::from([20, 28, 0, 0, 8, 0, 0, 15, 12, 60, 30]);
        assert!(!names(&Columns::default(), 199, counted).contains(&"daily_uses"), "a note has no room beside it");
        assert!(names(&Columns::default(), 200, counted).contains(&"daily_uses"));
        let bare = [20, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let of_bare = names(&Columns::default(), 200, bare).join(" ");
        assert_eq!(of_bare, "id label created_at last_used_at expires_at status", "what no key has");
    }

    #[test]
    fn of_chosen_columns_the_last_ones_are_left_out() {
        let fields = ["id", "label", "last_used_from", "created_at", "created_by", "owner", "status", "last_used_at"];
        let indices = fields.map(|name| FIELDS.iter().position(|field| field.name == name).unwrap());
        let chosen = Columns::chosen(indices.to_vec());
        let all = names(&chosen, 200, KEYS);
        assert_eq!(all.len(), indices.len());
        for width in 40..200 {
            let shown = names(&chosen, width, KEYS);
            assert_eq!(shown, all[..shown.len()], "{width}");
        }
    }

    #[test]
    fn no_list_is_wider_than_its_room_and_no_label_wider_than_its_text() {
        for width in 20..=300 {
            for widest in [KEYS, [64, 100, 0, 0, 100, 0, 0, 45, 100, 500, 30], [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 30]] {
                let layout = Layout::fitting(&Columns::default(), width, widest, Dates::Relative);
                let taken: usize = layout.columns.iter().map(|column| column.width + layout.gap).sum();
                assert!(2 + taken <= width + layout.gap, "{width}: {taken}");
                let label = layout.columns.iter().find(|column| column.field().name == "label");
                assert!(label.is_none_or(|label| label.width <= widest[1].max(6)), "{width}");
            }
        }
    }
}
