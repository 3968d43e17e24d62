//! Which columns are shown, and how wide.

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr;

use super::{elsewhere, has_mark, status};
use crate::domain::key::fields;
use crate::domain::key::fields::{AFTER_DETAILS, ColumnWidth, Columns, FIELDS, FieldWidths, KeyField};
use crate::domain::{Dates, Sort};
use crate::tui::state::{State, Window};
use crate::tui::view::widgets::NARROW;

/// Cells of an ID of ours, and of Passportal; of the widest that is shown whole, on a wide screen.
const ID: (usize, usize, usize) = (20, 32, 64);
/// Cells of an ID without its middle, on a narrow screen.
const SHORT_ID: usize = 11;
/// A column that takes the rest is hidden if that is less.
const LEAST: usize = 6;

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
    pub(super) fn new(state: &State, window: &Window, width: usize, now: DateTime<Utc>) -> Self {
        let (top, height) = (state.list.top, usize::from(state.panes().list));
        let rows = || window.rows_from(top).take(height);
        let is_narrow = width < usize::from(NARROW);
        let mut widest = window.widths(top..top + height);
        // A status that has a mark needs more cells than its column has.
        let marked = rows().filter(|key| has_mark(key)).map(|key| status(key, is_narrow, None).0.width());
        set(&mut widest, "status", marked.max().unwrap_or(0));
        let kept = usize::from(state.kept_for_details());
        let mut layout = Self::fitting(&state.columns, (width, kept), widest, state.dates);
        // What would be seen in a column that has no room is told in another.
        let before = widest;
        if !layout.has_field("expires_at") {
            set(
                &mut widest,
                "status",
                rows().map(|key| status(key, is_narrow, Some(now)).0.width()).max().unwrap_or(0),
            );
        }
        let searched = elsewhere::words(state);
        let found = rows().filter_map(|key| elsewhere::found(key, &searched, &layout).map(|at| at.cells(key)));
        set(&mut widest, "label", found.max().unwrap_or(0));
        if widest != before {
            layout = Self::fitting(&state.columns, (width, kept), widest, state.dates);
        }
        layout
    }

    /// The columns that fit into so many cells, of which what comes after the details leaves some alone: those that stay
    /// longest, as long as the label has room.
    fn fitting(columns: &Columns, (width, kept): (usize, usize), widest: FieldWidths, dates: Dates) -> Self {
        let order = columns.indices();
        // With a cell for the mark of the sort.
        let needed = |index: usize| widest[index].max(FIELDS[index].column.title.width() + 1);
        let cells = |index: usize| match FIELDS[index].column.width {
            // Beside whole dates too, so that both times stay.
            ColumnWidth::Id if width < usize::from(NARROW) || width < 100 && dates.cells().is_some() => {
                needed(index).min(SHORT_ID)
            }
            ColumnWidth::Id if width < 100 => needed(index).min(ID.0),
            ColumnWidth::Id => needed(index).min(if width < 120 { ID.1 } else { ID.2 }),
            ColumnWidth::Text(most) => needed(index).min(most),
            width => width.fixed(dates).unwrap_or(0).max(widest[index]),
        };
        let rest = order.iter().copied().find(|&index| matches!(FIELDS[index].column.width, ColumnWidth::Rest));
        let of_rest = rest.map_or(0, |index| needed(index) + 1);
        let mut left = width.saturating_sub(2);
        let mut shown = [0; FIELDS.len()];
        for index in columns.by_worth().filter(|index| Some(*index) != rest) {
            // What no key has needs no column, unless the user asks for it.
            if !columns.are_chosen() && is_empty(index, &widest) {
                continue;
            }
            let of_label = of_rest.min(columns.beside(FIELDS[index].column) + 1);
            let is_after = !columns.are_chosen() && FIELDS[index].keep > AFTER_DETAILS;
            let of_details = if is_after { kept } else { 0 };
            let room = left.saturating_sub(of_label + of_details) + usize::from(of_label == 0);
            // A wider list has all that a narrower one has: nothing takes the place of what is worth more.
            if cells(index) >= room {
                break;
            }
            shown[index] = cells(index);
            left -= shown[index] + 1;
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

    /// Whether the field of this name has a column.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.field().name == name)
    }

    pub(super) fn has_sort(&self, sort: Sort) -> bool {
        self.columns.iter().any(|column| column.field().column.sort == Some(sort))
    }
}

/// Whether no key has a text for this column.
pub(super) fn is_empty(index: usize, widest: &FieldWidths) -> bool {
    matches!(FIELDS[index].column.width, ColumnWidth::Text(_)) && widest[index] == 0
}

/// Makes the cells of a field so many at the least.
fn set(widest: &mut FieldWidths, name: &str, cells: usize) {
    if let Some(at) = FIELDS.iter().position(|field| field.name == name) {
        widest[at] = widest[at].max(cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::state::DETAILS;

    fn names(columns: &Columns, width: usize, widest: FieldWidths) -> Vec<&'static str> {
        named(columns, (width, 0), widest, Dates::Relative)
    }

    fn named(columns: &Columns, room: (usize, usize), widest: FieldWidths, dates: Dates) -> Vec<&'static str> {
        Layout::fitting(columns, room, widest, dates).columns.iter().map(|column| column.field().name).collect()
    }

    /// In the order of the fields: ID, label, status and so on.
    const KEYS: FieldWidths = [20, 28, 0, 0, 8, 0, 0, 15, 12, 60, 0];
    /// The widest of ours, in each column.
    const WIDE: FieldWidths = [20, 100, 11, 0, 16, 0, 0, 39, 60, 300, 30];
    const EVERY: [Dates; 3] = [Dates::Relative, Dates::Iso, Dates::Utc];

    #[test]
    fn columns_come_as_the_list_grows() {
        let of = |width| names(&Columns::default(), width, KEYS).join(" ");
        assert_eq!(of(40), "id label status");
        assert_eq!(of(50), "id label last_used_at status");
        assert_eq!(of(80), "id label last_used_at expires_at status");
        assert_eq!(of(100), "id label owner last_used_at expires_at status");
        assert_eq!(of(120), "id label owner created_by last_used_at expires_at status");
        assert_eq!(of(130), "id label owner created_by last_used_at last_used_from expires_at status");
        assert_eq!(of(140), "id label owner created_at created_by last_used_at last_used_from expires_at status");
        assert_eq!(of(200), "id label owner created_at created_by last_used_at last_used_from expires_at status note");
        let dated = Layout::fitting(&Columns::default(), (120, 0), KEYS, Dates::Utc);
        let widths: Vec<_> = dated.columns.iter().map(|column| (column.field().name, column.width)).collect();
        assert!(widths.contains(&("last_used_at", 17)) && widths.contains(&("expires_at", 20)), "{widths:?}");
        for dates in EVERY {
            let layout = Layout::fitting(&Columns::default(), (80, 0), KEYS, dates);
            assert!(layout.has_sort(Sort::ExpiresAt) && layout.has_sort(Sort::LastUsedAt), "{dates:?}");
        }
        let counted = FieldWidths::from([20, 28, 0, 0, 8, 0, 0, 15, 12, 60, 30]);
        let of_counted = |width, kept| named(&Columns::default(), (width, kept), counted, Dates::Relative);
        assert!(of_counted(200, 0).contains(&"daily_uses") && !of_counted(200, 0).contains(&"note"));
        assert!(!of_counted(200, 46).contains(&"daily_uses"), "the details come before it");
        assert!(of_counted(230, 0).contains(&"note"));
        let bare = [20, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let of_bare = names(&Columns::default(), 200, bare).join(" ");
        assert_eq!(of_bare, "id label created_at last_used_at expires_at status", "what no key has");
    }

    #[test]
    fn a_wider_screen_never_has_fewer_columns() {
        let columns = Columns::default();
        for (widest, dates) in [KEYS, WIDE].into_iter().flat_map(|widest| EVERY.map(|dates| (widest, dates))) {
            let mut before = Vec::new();
            let mut have_opened = false;
            for width in 20..=400 {
                let opens = width >= usize::from(DETAILS) + columns.cells(dates);
                let room = if opens { (width - usize::from(DETAILS), 0) } else { (width, DETAILS.into()) };
                let shown = named(&columns, room, widest, dates);
                let stay = before.iter().all(|name| shown.contains(name));
                assert!(stay, "{width}: {before:?} {shown:?}");
                for name in ["owner", "created_by", "last_used_from", "created_at"] {
                    assert!(!opens || shown.contains(&name), "{width}: {name}");
                }
                (before, have_opened) = (shown, opens);
            }
            assert!(have_opened);
        }
    }

    #[test]
    fn of_chosen_columns_those_of_less_worth_are_left_out() {
        let fields = ["note", "last_used_from", "created_at", "id", "owner", "status", "label", "last_used_at"];
        let worth = ["id", "label", "status", "last_used_at", "owner", "last_used_from", "created_at", "note"];
        let chosen = Columns::chosen(fields.map(|name| FIELDS.iter().position(|f| f.name == name).unwrap()).to_vec());
        assert_eq!(names(&chosen, 200, KEYS), fields);
        assert_eq!(chosen.by_worth().map(|index| FIELDS[index].name).collect::<Vec<_>>(), worth);
        for width in 40..200 {
            let shown = names(&chosen, width, KEYS);
            let stay: Vec<_> = fields.into_iter().filter(|name| worth[..shown.len()].contains(name)).collect();
            assert_eq!(shown, stay, "{width}");
        }
        assert_eq!(names(&chosen, 80, KEYS).len(), 5);
    }

    #[test]
    fn no_list_is_wider_than_its_room_and_no_label_wider_than_its_text() {
        for width in 20..=300 {
            for widest in [KEYS, [64, 100, 0, 0, 100, 0, 0, 45, 100, 500, 30], [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 30]] {
                let layout = Layout::fitting(&Columns::default(), (width, 0), widest, Dates::Relative);
                let taken: usize = layout.columns.iter().map(|column| column.width + layout.gap).sum();
                assert!(2 + taken <= width + layout.gap, "{width}: {taken}");
                let label = layout.columns.iter().find(|column| column.field().name == "label");
                assert!(label.is_none_or(|label| label.width <= widest[1].max(6)), "{width}");
            }
        }
    }
}
