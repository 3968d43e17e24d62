//! The list: one row a key.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Local, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{line, next_row};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, FieldValue, KeyField};
use crate::domain::{AccessKey, Sort, Status};
use crate::tui::screen::RowCache;
use crate::tui::state::{ClockReading, State, Window};
use crate::tui::theme;

/// A column that is shown, and its width in cells.
type ListColumn = (&'static KeyField, Sort, usize);

/// Cells of an ID of ours, and of Passportal; of the widest that is shown whole, on a wide screen.
const ID: (usize, usize, usize) = (20, 32, 64);
/// A key that expires in less time is marked, and one that does in less than the second looks urgent.
const SOON: TimeDelta = TimeDelta::days(30);
const VERY_SOON: TimeDelta = TimeDelta::days(7);
/// A column that takes the rest is hidden if that is less.
const LEAST: usize = 6;

/// The columns that fit: the ID whole before anything else, then those that stay longest.
fn fitting(width: usize, widest_id: usize) -> Vec<ListColumn> {
    let always =
        fields::columns().map(|(_, _, width)| if let ColumnWidth::Always(cells) = width { cells + 1 } else { 0 });
    let room = width.saturating_sub(2 + always.sum::<usize>());
    let id = widest_id.clamp(ID.0, if width >= 120 { ID.2 } else { ID.1 }).min(room);
    let mut rest = room - id;
    let mut shown = Vec::new();
    for place in fields::by_rank() {
        if let Some((_, ColumnWidth::IfRoom(cells, more))) = FIELDS[place].column
            && rest > cells + more
        {
            rest -= cells + 1;
            shown.push(FIELDS[place].name);
        }
    }
    let cells = |field: &KeyField, width| match width {
        ColumnWidth::Id => id,
        ColumnWidth::Rest => {
            if rest >= LEAST {
                rest - 1
            } else {
                0
            }
        }
        ColumnWidth::Always(cells) => cells,
        ColumnWidth::IfRoom(cells, _) => {
            if shown.contains(&field.name) {
                cells
            } else {
                0
            }
        }
    };
    let columns = fields::columns().map(|(field, sort, width)| (field, sort, cells(field, width)));
    columns.filter(|(_, _, cells)| *cells > 0).collect()
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
    let widest = visible(window, state).take(height).map(|(_, key)| key.id.width()).max().unwrap_or(0);
    let columns = fitting(usize::from(area.width), widest);
    let names = next_row(&mut area);
    line(frame, names, Line::from(names_of(&columns, state)));
    // Dates are of the time zone here.
    let zone = *now.utc.with_timezone(&Local).offset();
    for (at, key) in visible(window, state).take(height) {
        let place = next_row(&mut area);
        let row = ListRow { columns: &columns, key, is_selected: at == state.list.selected, now };
        if !rows.keeps(place.y, &(area.width, zone, &row)) {
            line(frame, place, Line::from(row.spans()));
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

fn names_of(columns: &[ListColumn], state: &State) -> Vec<Span<'static>> {
    let query = &state.list.query;
    let mark = theme::sorted(query.order);
    let mut spans = vec![Span::raw("  ")];
    for (field, sort, width) in columns {
        let text = if *sort == query.sort { format!("{}{mark}", field.title) } else { field.title.to_owned() };
        // Where the mark needs one cell more, it is the blank before the name.
        if text.width() > *width {
            spans.pop();
        }
        spans.extend([Span::styled(cell(&text, *width, is_right(*sort)), theme::COLUMN), Span::raw(" ")]);
    }
    spans
}

/// The column that the rows are sorted by, if it is not on screen.
pub(crate) fn hidden_sort(state: &State, width: u16) -> Option<&'static str> {
    let window = state.list.window.as_ref().filter(|window| !window.is_empty())?;
    let height = usize::from(state.panes().list);
    let widest = visible(window, state).take(height).map(|(_, key)| key.id.width()).max().unwrap_or(0);
    let sort = state.list.query.sort;
    let is_shown = fitting(usize::from(width), widest).iter().any(|(_, shown, _)| *shown == sort);
    fields::columns().find(|(_, other, _)| !is_shown && *other == sort).map(|(field, ..)| field.title)
}

/// What a row is drawn from.
struct ListRow<'a> {
    columns: &'a [ListColumn],
    key: &'a AccessKey,
    is_selected: bool,
    now: ClockReading,
}

/// Rows that are equal by this look equal.
impl Hash for ListRow<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_selected.hash(state);
        for (field, sort, width) in self.columns {
            (sort, width).hash(state);
            match (field.value)(self.key) {
                FieldValue::Ago(at) => when::last_used(at, self.now.utc).hash(state),
                FieldValue::Id(id) => id.hash(state),
                FieldValue::Text(text) => text.hash(state),
                FieldValue::Status(status) => status.hash(state),
                FieldValue::At(at) => at.hash(state),
                FieldValue::Until(at) => {
                    (when::expiry(at, self.now.utc), self.warning(at)).hash(state);
                }
            }
        }
    }
}

impl ListRow<'_> {
    fn spans(&self) -> Vec<Span<'static>> {
        let mut spans = vec![Span::raw(if self.is_selected { theme::POINTER } else { "  " })];
        for (field, sort, width) in self.columns {
            let (text, style) = match (field.value)(self.key) {
                FieldValue::Id(id) => (id.identity(*width), Style::new()),
                FieldValue::Text(text) => (text.map_or_else(String::new, |text| text.identity(*width)), Style::new()),
                FieldValue::Status(status) => {
                    let (words, style) = theme::status(status);
                    (words.to_owned(), style)
                }
                FieldValue::At(at) => (when::date(at), Style::new()),
                FieldValue::Ago(at) => (when::last_used(at, self.now.utc), Style::new()),
                FieldValue::Until(at) => {
                    let words = when::expiry(at, self.now.utc);
                    match self.warning(at) {
                        Some(style) => (format!("{words} {}", theme::NOTE), style),
                        None => (words, Style::new()),
                    }
                }
            };
            spans.extend([Span::styled(cell(&text, *width, is_right(*sort)), style), Span::raw(" ")]);
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

/// Whether a column is aligned at its right end: an age that is unlike the others is seen without reading them.
fn is_right(sort: Sort) -> bool {
    matches!(sort, Sort::LastUsedAt)
}

/// A text in so many cells; what came through the gate is not wider.
fn cell(text: &str, width: usize, is_right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if is_right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}
