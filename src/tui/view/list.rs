//! The list: one row a key.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Local, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::matches;
use super::when;
use super::widgets::{NARROW, line, mark_row, next_row};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, Columns, FIELDS, FieldValue, FieldWidths, KeyField, ListColumn};
use crate::domain::{AccessKey, Dates, Rotation, Search, Sort, Status};
use crate::operations::keys::activity::usage;
use crate::tui::screen::RowCache;
use crate::tui::state::{ClockReading, State, Window};
use crate::tui::theme;

/// Cells of an ID of ours, and of Passportal; of the widest that is shown whole, on a wide screen.
const ID: (usize, usize, usize) = (20, 32, 64);
/// Cells of an ID without its middle, on a narrow screen.
const SHORT_ID: usize = 11;
/// A key that expires in less time is marked, and one that does in less than the second looks urgent.
const SOON: TimeDelta = TimeDelta::days(30);
const VERY_SOON: TimeDelta = TimeDelta::days(7);
/// Cells of the mark, with its blank: the times of a column end before it, marked or not.
const MARK: usize = 2;
/// A column that takes the rest is hidden if that is less.
const LEAST: usize = 6;
/// Beside a column that the user has chosen, the label may be as short.
const CHOSEN_BESIDE: usize = 12;

/// A column that is shown.
#[derive(Clone, Copy, Hash)]
struct ShownColumn {
    /// Its index in [`FIELDS`].
    field: usize,
    /// Its cells.
    width: usize,
}

impl ShownColumn {
    fn field(self) -> &'static KeyField {
        &FIELDS[self.field]
    }
}

/// The columns that are shown, from the left.
#[derive(Hash)]
struct Layout {
    columns: Vec<ShownColumn>,
    /// Blanks between two columns.
    gap: usize,
    is_narrow: bool,
}

impl Layout {
    /// The columns that fit into a list, by what the keys need that are in sight.
    fn new(state: &State, window: &Window, width: usize) -> Self {
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

    fn has_sort(&self, sort: Sort) -> bool {
        self.columns.iter().any(|column| column.field().column.sort == Some(sort))
    }
}

/// Draws the column names and the rows.
pub(crate) fn draw(
    frame: &mut Buffer,
    rows: &mut RowCache,
    mut area: Rect,
    state: &State,
    window: &Window,
    now: ClockReading,
) {
    let height = usize::from(area.height.saturating_sub(1));
    let layout = Layout::new(state, window, usize::from(area.width));
    let names = next_row(&mut area);
    line(frame, names, Line::from(names_of(&layout, state)));
    // Dates are of the time zone here.
    let zone = *now.utc.with_timezone(&Local).offset();
    let searched = Search::parse(&state.list.shown.filter.text).map(|search| search.words()).unwrap_or_default();
    for (at, key) in visible(window, state).take(height) {
        let place = next_row(&mut area);
        let row = ListRow {
            layout: &layout,
            key,
            is_selected: at == state.list.selected,
            is_marked: state.list.marks.has(&key.id),
            searched: &searched,
            dates: state.dates,
            now,
        };
        if !rows.keeps(place.y, place.width, &(zone, &row)) {
            line(frame, place, Line::from(row.spans()));
            mark_row(frame, place);
            if row.is_selected {
                frame.set_style(place, theme::SELECTED);
            }
        }
    }
}

/// Where the selected row begins, in the area of names and rows.
pub(crate) fn selected_place(area: Rect, state: &State) -> Option<Position> {
    state.list.window.as_ref().filter(|window| !window.is_empty())?;
    let row = u16::try_from(state.list.selected.checked_sub(state.list.top)?).ok()? + 1;
    (row < area.height).then(|| Position::new(area.x, area.y + row))
}

/// The rows that are on screen.
fn visible<'a>(window: &'a Window, state: &State) -> impl Iterator<Item = (usize, &'a AccessKey)> {
    let top = state.list.top;
    window.rows_from(top).enumerate().map(move |(at, key)| (top + at, key))
}

fn names_of(layout: &Layout, state: &State) -> Vec<Span<'static>> {
    let query = &state.list.shown;
    let mark = theme::sorted(query.order);
    let mut spans = vec![Span::raw("  ")];
    for column in &layout.columns {
        let ListColumn { title, sort, width, .. } = column.field().column;
        let is_short = matches!(width, ColumnWidth::Id) && title.width() > column.width;
        let title = if is_short { "ID" } else { title };
        let text = if sort == Some(query.sort) { format!("{title}{mark}") } else { title.to_owned() };
        let text = cell(*column, &text);
        // Where the mark needs more cells, they are of the blanks before the name.
        let over = text.width() - column.width;
        if let Some(blanks) = spans.pop() {
            let blanks = &blanks.content[..blanks.content.len().saturating_sub(over)];
            spans.push(Span::raw(blanks.to_owned()));
        }
        spans.extend([Span::styled(text, theme::COLUMN), Span::raw(" ".repeat(layout.gap))]);
    }
    spans
}

/// The sort of the column whose name is at this place, in the area of names and rows.
pub(crate) fn sort_at(area: Rect, state: &State, at: Position) -> Option<Sort> {
    let window = state.list.window.as_ref().filter(|window| !window.is_empty())?;
    let layout = Layout::new(state, window, usize::from(area.width));
    let mut x = area.x + 2;
    let column = layout.columns.iter().find(|column| {
        let end = x + u16::try_from(column.width + layout.gap).unwrap_or(u16::MAX);
        std::mem::replace(&mut x, end) <= at.x && at.x < end
    });
    column.filter(|_| area.contains(at) && at.y == area.y)?.field().column.sort
}

/// The column that the rows are sorted by, if it is not on screen.
pub(crate) fn hidden_sort(state: &State, width: u16) -> Option<&'static str> {
    let window = state.list.window.as_ref().filter(|window| !window.is_empty())?;
    let sort = state.list.shown.sort;
    (!Layout::new(state, window, usize::from(width)).has_sort(sort)).then(|| fields::title_of(sort))
}

/// The status of a key, with words if it is one of the two keys of a rotation, and a mark if it was used after its end. On a
/// narrow screen these take the place of a status that its sign tells too.
fn status(key: &AccessKey, is_narrow: bool) -> (String, Style) {
    let (words, style) = theme::status_of(key);
    let sign = words.split(' ').next().unwrap_or_default();
    match (&key.rotation, is_narrow) {
        (Some(Rotation::ReplacedBy(_)), false) => (format!("{words} old"), theme::WARNING),
        (Some(Rotation::ReplacedBy(_)), true) => (format!("{sign} old key"), theme::WARNING),
        (Some(Rotation::Replaces(_)), false) => (format!("{words} new"), style),
        (Some(Rotation::Replaces(_)), true) => (format!("{sign} new key"), style),
        (None, false) if key.late_use_at.is_some() => (format!("{words} {}", theme::NOTE), theme::ERROR),
        (None, true) if key.late_use_at.is_some() => (format!("{words}{}", theme::NOTE), theme::ERROR),
        (None, _) => (words.to_owned(), style),
    }
}

const fn has_mark(key: &AccessKey) -> bool {
    key.rotation.is_some() || key.late_use_at.is_some()
}

/// What a row is drawn from.
struct ListRow<'a> {
    layout: &'a Layout,
    key: &'a AccessKey,
    is_selected: bool,
    is_marked: bool,
    /// The words that were searched for.
    searched: &'a [String],
    dates: Dates,
    now: ClockReading,
}

/// Rows that are equal by this look equal.
impl Hash for ListRow<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.is_selected, self.is_marked, self.searched, self.dates).hash(state);
        self.layout.hash(state);
        for column in &self.layout.columns {
            match (column.field().value)(self.key) {
                FieldValue::Ago(at) => when::last_used(at, self.now.utc, self.dates).hash(state),
                FieldValue::Id(id) => id.hash(state),
                FieldValue::Text(text) => text.hash(state),
                FieldValue::Status(_) => status(self.key, self.layout.is_narrow).0.hash(state),
                FieldValue::Uses(uses) => uses.hash(state),
                FieldValue::At(at) => at.hash(state),
                FieldValue::Until(at) => {
                    (when::expiry(at, self.now.utc, self.dates), self.warning(at)).hash(state);
                }
            }
        }
    }
}

impl ListRow<'_> {
    fn spans(&self) -> Vec<Span<'static>> {
        let mark = if self.is_marked { theme::MARK } else { " " };
        let mut spans =
            vec![Span::raw(format!("{}{mark}", if self.is_selected { theme::POINTER.trim_end() } else { " " }))];
        for column in &self.layout.columns {
            let width = column.width;
            let value = (column.field().value)(self.key);
            // A key without a label would leave a hole in the row.
            let missing = value.missing().filter(|_| column.field().name == "label");
            let (text, style) = match value {
                _ if missing.is_some() => (missing.unwrap_or_default().to_owned(), theme::QUIET),
                FieldValue::Id(id) => (id.shortened(width), Style::new()),
                FieldValue::Text(text) => (text.map_or_else(String::new, |text| text.identity(width)), Style::new()),
                FieldValue::Status(_) => status(self.key, self.layout.is_narrow),
                FieldValue::Uses(uses) => (uses.map_or_else(String::new, usage::strip), theme::QUIET),
                FieldValue::At(at) => (when::day(at, self.dates), Style::new()),
                FieldValue::Ago(at) => (when::last_used(at, self.now.utc, self.dates), Style::new()),
                FieldValue::Until(at) => {
                    let words = when::expiry(at, self.now.utc, self.dates);
                    match self.warning(at) {
                        Some(style) => (format!("{words} {}", theme::NOTE), style),
                        None => (words, Style::new()),
                    }
                }
            };
            let text = cell(*column, &text);
            if fields::is_searched(column.field()) && missing.is_none() {
                spans.extend(matches::marked(&text, self.searched));
            } else {
                spans.push(Span::styled(text, style));
            }
            spans.push(Span::raw(" ".repeat(self.layout.gap)));
        }
        spans
    }

    /// How the expiry of a key looks that works, and won't for long.
    fn warning(&self, expires_at: Option<DateTime<Utc>>) -> Option<Style> {
        let left = expires_at.filter(|_| self.key.status == Status::Active)? - self.now.utc;
        match left {
            left if left > SOON => None,
            left if left > VERY_SOON => Some(theme::WARNING),
            _ => Some(theme::ERROR),
        }
    }
}

/// A text in the cells of a column; what came through the gate is not wider. An age that is unlike the others is seen
/// without reading them: they end below each other, before the mark that some have.
fn cell(column: ShownColumn, text: &str) -> String {
    let blanks = column.width.saturating_sub(text.width());
    let behind = match column.field().column.width {
        ColumnWidth::Age(_) => 0,
        ColumnWidth::MarkedAge(_) if text.ends_with(theme::NOTE) => 0,
        ColumnWidth::MarkedAge(_) => blanks.min(MARK),
        _ => blanks,
    };
    format!("{}{text}{}", " ".repeat(blanks - behind), " ".repeat(behind))
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
