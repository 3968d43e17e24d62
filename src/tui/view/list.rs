//! The list: one row a key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::body::visible;
use super::when;
use super::widgets::{line, next_row};
use crate::domain::{AccessKey, Order, Sort};
use crate::tui::state::{ClockReading, State, Window};
use crate::tui::theme;

/// Columns and their widths, after the mark of the selected row. Zero hides one.
struct Columns {
    id: usize,
    label: usize,
    created: usize,
    last_used: usize,
    status: usize,
}

/// `2026-11-01`, `12 min ago`, `○ inactive`.
const DATE: usize = 10;
/// An ID of ours, and of Passportal.
const ID: (usize, usize) = (20, 32);

impl Columns {
    /// What fits: the ID whole before anything else, then status, label, last use, creation.
    fn new(width: usize, widest_id: usize) -> Self {
        let id = widest_id.clamp(ID.0, if width >= 120 { 64 } else { ID.1 }).min(width.saturating_sub(3 + DATE));
        let mut rest = width.saturating_sub(2 + id + 1 + DATE);
        let mut take = |cells: usize, reserve: usize| {
            let fits = rest > cells + reserve;
            rest -= if fits { cells + 1 } else { 0 };
            if fits { cells } else { 0 }
        };
        let last_used = take(DATE, 12);
        let created = take(DATE, 9);
        let label = if rest >= 6 { rest - 1 } else { 0 };
        Self { id, label, created, last_used, status: DATE }
    }
}

/// Draws the column names and the rows.
pub(crate) fn draw(frame: &mut Buffer, mut area: Rect, state: &State, window: &Window, now: ClockReading) {
    let height = usize::from(area.height.saturating_sub(1));
    let widest = visible(window, state).take(height).map(|(_, key)| key.id.width()).max().unwrap_or(0);
    let columns = Columns::new(usize::from(area.width), widest);
    let names = next_row(&mut area);
    line(frame, names, Line::from(names_of(&columns, state)));
    for (at, key) in visible(window, state).take(height) {
        let row = next_row(&mut area);
        line(frame, row, Line::from(row_of(&columns, key, at == state.list.selected, now)));
    }
}

fn names_of(columns: &Columns, state: &State) -> Vec<Span<'static>> {
    let query = &state.list.query;
    let arrow = if query.order == Order::Asc { theme::SORTED.0 } else { theme::SORTED.1 };
    let mut spans = vec![Span::raw("  ")];
    for (sort, name, width) in [
        (Sort::Id, "Access key ID", columns.id),
        (Sort::Label, "Label", columns.label),
        (Sort::CreatedAt, "Created", columns.created),
        (Sort::LastUsedAt, "Last used", columns.last_used),
        (Sort::Status, "Status", columns.status),
    ] {
        if width > 0 {
            let text = if sort == query.sort { format!("{name}{arrow}") } else { name.to_owned() };
            spans.push(Span::styled(cell(&text, width), theme::COLUMN));
            spans.push(Span::raw(" "));
        }
    }
    spans
}

fn row_of(columns: &Columns, key: &AccessKey, selected: bool, now: ClockReading) -> Vec<Span<'static>> {
    let mark = if selected { Span::styled(theme::POINTER, theme::MARK) } else { Span::raw("  ") };
    let mut spans = vec![mark];
    let mut push = |text: String, width: usize, style: Style| {
        if width > 0 {
            spans.push(Span::styled(cell(&text, width), style));
            spans.push(Span::raw(" "));
        }
    };
    let (status, style) = theme::status(key.status);
    push(key.id.identity(columns.id), columns.id, Style::new());
    push(key.label.identity(columns.label), columns.label, Style::new());
    push(when::date(key.created_at), columns.created, Style::new());
    push(when::last_used(key.last_used_at, now.utc), columns.last_used, Style::new());
    push(status.to_owned(), columns.status, style);
    spans
}

/// A text in so many cells; what came through the gate is not wider.
fn cell(text: &str, width: usize) -> String {
    let used = unicode_width::UnicodeWidthStr::width(text);
    format!("{text}{}", " ".repeat(width.saturating_sub(used)))
}
