//! The list: one row a key.

mod elsewhere;
mod layout;

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Local, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::matches;
use super::when;
use layout::{Layout, ShownColumn, is_empty};

use super::widgets::{NARROW, line, mark_row, next_row};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, FieldValue, ListColumn, MARK};
use crate::domain::{AccessKey, Dates, Rotation, Sort, Status};
use crate::operations::keys::activity::usage;
use crate::tui::screen::RowCache;
use crate::tui::state::{ClockReading, State, Window};
use crate::tui::theme;

/// A key that expires in less time is marked, and one that does in less than the second looks urgent.
const SOON: TimeDelta = TimeDelta::days(30);
const VERY_SOON: TimeDelta = TimeDelta::days(7);

/// A key that was refused in less time is marked.
const LATELY: TimeDelta = TimeDelta::hours(24);

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
    let layout = Layout::new(state, window, usize::from(area.width), now.utc);
    let names = next_row(&mut area);
    let old = about_old_rows(state, area.width < NARROW, now);
    match &old {
        Some(words) => line(frame, names, Line::styled(words.as_str(), theme::WARNING)),
        None => line(frame, names, Line::from(names_of(&layout, state))),
    }
    // Dates are of the time zone here.
    let zone = *now.utc.with_timezone(&Local).offset();
    let searched = elsewhere::words(state);
    for (at, key) in visible(window, state).take(height) {
        let place = next_row(&mut area);
        let row = ListRow {
            layout: &layout,
            key,
            is_selected: at == state.list.selected,
            is_marked: state.list.marks.has(&key.id),
            is_old: old.is_some(),
            searched: &searched,
            dates: state.dates,
            now,
        };
        if !rows.keeps(place.y, place.width, &(zone, &row)) {
            line(frame, place, Line::from(row.spans()));
            if row.is_old {
                frame.set_style(place, Style::reset().patch(theme::BEHIND));
            }
            mark_row(frame, place);
            if row.is_selected && !row.is_old {
                frame.set_style(place, theme::SELECTED);
            }
        }
    }
}

/// What is said in place of the names of the columns while the rows are of the list before: from when that is noticed.
fn about_old_rows(state: &State, is_narrow: bool, now: ClockReading) -> Option<String> {
    if !state.list.are_rows_old() {
        return None;
    }
    let waiting = state.waiting.and_then(|waiting| waiting.in_words(now));
    let what = waiting.or_else(|| state.list.trouble.as_ref().map(|_| "Not loaded.".to_owned()))?;
    let words = if is_narrow { "Below: the list before." } else { "The keys below are of the list before." };
    Some(format!("  {what} {words}"))
}

/// Where the selected row begins, in the area of names and rows.
pub(crate) fn selected_place(area: Rect, state: &State) -> Option<Position> {
    state.list.window.as_ref().filter(|window| !window.is_empty() && state.filter_error().is_none())?;
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
pub(crate) fn sort_at(area: Rect, state: &State, at: Position, now: ClockReading) -> Option<Sort> {
    let window = state.list.window.as_ref().filter(|window| !window.is_empty() && state.filter_error().is_none())?;
    let layout = Layout::new(state, window, usize::from(area.width), now.utc);
    let mut x = area.x + 2;
    let column = layout.columns.iter().find(|column| {
        let end = x + u16::try_from(column.width + layout.gap).unwrap_or(u16::MAX);
        std::mem::replace(&mut x, end) <= at.x && at.x < end
    });
    column.filter(|_| area.contains(at) && at.y == area.y)?.field().column.sort
}

/// The column that the rows are sorted by, if it is not on screen.
pub(crate) fn hidden_sort(state: &State, width: u16, now: ClockReading) -> Option<&'static str> {
    let window = state.list.window.as_ref().filter(|window| !window.is_empty())?;
    let sort = state.list.shown.sort;
    (!Layout::new(state, window, usize::from(width), now.utc).has_sort(sort)).then(|| fields::title_of(sort))
}

/// Why a column of the list is not on screen, in a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unseen {
    NoRoom,
    /// No key in sight has it.
    Empty,
}

/// The columns that are not on screen, by their indices in [`FIELDS`], of those that the list should have.
pub(crate) fn unseen(state: &State, now: ClockReading) -> Vec<(usize, Unseen)> {
    let Some(window) = state.list.window.as_ref().filter(|window| !window.is_empty()) else { return Vec::new() };
    let panes = state.panes();
    let layout = Layout::new(state, window, usize::from(panes.list_width), now.utc);
    let widest = window.widths(state.list.top..state.list.top + usize::from(panes.list));
    let unseen = state.columns.indices().iter().filter(|&&index| !layout.has_field(FIELDS[index].name));
    let why = |index| {
        let is_empty = !state.columns.are_chosen() && is_empty(index, &widest);
        if is_empty { Unseen::Empty } else { Unseen::NoRoom }
    };
    unseen.map(|&index| (index, why(index))).collect()
}

/// The status of a key, with words if it is one of the two keys of a rotation, and a mark if it was used after its end. On a
/// narrow screen these take the place of a status that its sign tells too. Where no column tells the expiry, at this time,
/// its mark is here.
fn status(key: &AccessKey, is_narrow: bool, marked_at: Option<DateTime<Utc>>) -> (String, Style) {
    let (words, style) = theme::status_of(key);
    let sign = words.split(' ').next().unwrap_or_default();
    let (words, style) = match (&key.rotation, is_narrow) {
        (Some(Rotation::ReplacedBy(_)), false) => (format!("{words} old"), theme::WARNING),
        (Some(Rotation::ReplacedBy(_)), true) => (format!("{sign} old key"), theme::WARNING),
        (Some(Rotation::Replaces(_)), false) => (format!("{words} new"), style),
        (Some(Rotation::Replaces(_)), true) => (format!("{sign} new key"), style),
        (None, false) if key.late_use_at.is_some() => (format!("{words} {}", theme::NOTE), theme::ERROR),
        (None, true) if key.late_use_at.is_some() => (format!("{words}{}", theme::NOTE), theme::ERROR),
        (None, _) => (words.to_owned(), style),
    };
    match marked_at.and_then(|now| urgency(key, key.expires_at, now)) {
        Some((mark, style)) if is_narrow => (format!("{words}{mark}"), style),
        Some((mark, style)) => (format!("{words} {mark}"), style),
        None => (words, style),
    }
}

/// The mark of a key that works and expires soon, and how that looks.
fn urgency(key: &AccessKey, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<(&'static str, Style)> {
    match expires_at.filter(|_| key.status == Status::Active)? - now {
        left if left > SOON => None,
        left if left > VERY_SOON => Some((theme::NOTE, theme::WARNING)),
        _ => Some((theme::URGENT, theme::ERROR)),
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
    /// Another list was asked for.
    is_old: bool,
    /// The words that were searched for.
    searched: &'a [String],
    dates: Dates,
    now: ClockReading,
}

/// Rows that are equal by this look equal.
impl Hash for ListRow<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.is_selected, self.is_marked, self.is_old, self.is_refused(), self.searched, self.dates).hash(state);
        self.layout.hash(state);
        for column in &self.layout.columns {
            match (column.field().value)(self.key) {
                FieldValue::Ago(at) => when::last_used(at, self.now.utc, self.dates).hash(state),
                FieldValue::Id(id) => id.hash(state),
                FieldValue::Text(text) => text.hash(state),
                FieldValue::Status(_) => self.status().0.hash(state),
                FieldValue::Uses(uses) => uses.hash(state),
                FieldValue::At(at) => at.hash(state),
                FieldValue::Until(at) => {
                    (when::expiry(at, self.now.utc, self.dates), urgency(self.key, at, self.now.utc)).hash(state);
                }
            }
        }
        for field in FIELDS.iter().filter(|field| !self.searched.is_empty() && fields::is_searched(field)) {
            field.raw_text(self.key).hash(state);
        }
    }
}

impl ListRow<'_> {
    /// The pointer and the mark before the first column, and in place of one of them whether the key was refused lately.
    fn begin(&self) -> [Span<'static>; 2] {
        let refused = || Span::styled(theme::NOTE, theme::WARNING);
        let pointer = theme::POINTER.trim_end();
        match (self.is_selected, self.is_marked, self.is_refused()) {
            (true, true, _) => [Span::raw(pointer), Span::raw(theme::MARK)],
            (true, false, true) => [Span::raw(pointer), refused()],
            (true, false, false) => [Span::raw(pointer), Span::raw(" ")],
            (false, true, true) => [refused(), Span::raw(theme::MARK)],
            (false, true, false) => [Span::raw(" "), Span::raw(theme::MARK)],
            (false, false, true) => [Span::raw(" "), refused()],
            (false, false, false) => [Span::raw(" "), Span::raw(" ")],
        }
    }

    fn is_refused(&self) -> bool {
        self.key.refused_at.is_some_and(|at| self.now.utc - at < LATELY)
    }

    fn spans(&self) -> Vec<Span<'static>> {
        let mut spans = self.begin().to_vec();
        let elsewhere = elsewhere::found(self.key, self.searched, self.layout);
        for column in &self.layout.columns {
            let width = column.width;
            if let Some(found) = elsewhere.filter(|_| column.field().name == "label") {
                spans.extend(found.spans(self.key, width, self.searched));
                spans.push(Span::raw(" ".repeat(self.layout.gap)));
                continue;
            }
            let value = (column.field().value)(self.key);
            // A key without a label would leave a hole in the row.
            let missing = value.missing().filter(|_| column.field().name == "label");
            let (text, style) = match value {
                _ if missing.is_some() => (missing.unwrap_or_default().to_owned(), theme::QUIET),
                FieldValue::Id(id) => (id.shortened(width), Style::new()),
                FieldValue::Text(text) => (text.map_or_else(String::new, |text| text.identity(width)), Style::new()),
                FieldValue::Status(_) => self.status(),
                FieldValue::Uses(uses) => {
                    (uses.map_or_else(String::new, |uses| usage::strip_with(uses, ' ')), theme::QUIET)
                }
                FieldValue::At(at) => (when::day(at, self.dates), Style::new()),
                FieldValue::Ago(at) => (when::last_used(at, self.now.utc, self.dates), Style::new()),
                FieldValue::Until(at) => {
                    let words = when::expiry(at, self.now.utc, self.dates);
                    match urgency(self.key, at, self.now.utc) {
                        Some((mark, style)) => (format!("{words} {mark:<width$}", width = MARK - 1), style),
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

    fn status(&self) -> (String, Style) {
        let is_told = self.layout.has_field("expires_at");
        status(self.key, self.layout.is_narrow, (!is_told).then_some(self.now.utc))
    }
}

/// A text in the cells of a column; what came through the gate is not wider. An age that is unlike the others is seen
/// without reading them: they end below each other, before the mark that some have.
fn cell(column: ShownColumn, text: &str) -> String {
    let blanks = column.width.saturating_sub(text.width());
    let behind = match column.field().column.width {
        ColumnWidth::Age(_) => 0,
        ColumnWidth::MarkedAge(_) if text.trim_end().ends_with(theme::NOTE) => 0,
        ColumnWidth::MarkedAge(_) => blanks.min(MARK),
        _ => blanks,
    };
    format!("{}{text}{}", " ".repeat(blanks - behind), " ".repeat(behind))
}
