//! The details of a key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{line, next_row, paragraph, rows};
use crate::domain::{AccessKey, ConfusableWarning};
use crate::tui::state::{ClockReading, State};
use crate::tui::theme;

/// A name, what stands behind it, and how that looks.
type DetailRow = (&'static str, String, Style);

/// Columns of the names of facts, and of their short ones.
const NAMES: (u16, u16) = (15, 10);

/// Draws the selected key's details.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    let beside = area.x > 0;
    let mut block = Block::new()
        .borders(if beside { Borders::LEFT } else { Borders::TOP })
        .border_set(theme::BORDER)
        .title(Line::styled(" Details ", theme::TITLE))
        .padding(Padding::horizontal(1));
    if area.height <= 6
        && let Some(key) = state.list.selected_key()
    {
        // There is no row for it.
        let (status, style) = theme::status(key.status);
        block = block.title_top(Line::styled(format!(" {status} "), style).right_aligned());
    }
    let mut inside = block.inner(area);
    block.render(area, frame);
    if beside {
        next_row(&mut inside);
    }
    match state.list.selected_key() {
        Some(key) => {
            facts(frame, inside, key, now);
        }
        None => line(frame, inside, "No key is selected."),
    }
}

/// Why a key may be taken for another.
pub(crate) fn confusable(key: &AccessKey) -> Option<ConfusableWarning> {
    key.id.confusable().or_else(|| key.label.confusable())
}

/// Draws what is known of a key: in full if there is room, else with its texts in a row each, else a row for each fact,
/// the most useful first; gives the rows below.
pub(crate) fn facts(frame: &mut Buffer, mut area: Rect, key: &AccessKey, now: ClockReading) -> Rect {
    let width = usize::from(area.width);
    let beside = area.width.saturating_sub(NAMES.0);
    for texts in [(4 * width, 2 * width), (usize::from(beside), usize::from(beside))] {
        let full = in_full(key, texts, now);
        if full.iter().map(|(_, text, _)| rows(text, beside)).sum::<u16>() <= area.height {
            for text in &full {
                area = fact(frame, area, (NAMES.0, false), text);
            }
            return area;
        }
    }
    for text in in_short(key, width, now) {
        let is_wide = text.0 == "ID" && text.1.width() + usize::from(NAMES.1) > width;
        area = fact(frame, area, (if is_wide { 3 } else { NAMES.1 }, true), &text);
    }
    area
}

/// Each fact whole, but ID and label in so many cells.
fn in_full(key: &AccessKey, (id, text): (usize, usize), now: ClockReading) -> Vec<DetailRow> {
    let (status, style) = theme::status(key.status);
    let expires = key.expires_at.map_or_else(
        || "never".to_owned(),
        |end| format!("{} ({})", when::absolute(end), when::relative(end, now.utc)),
    );
    let mut facts = vec![("Access key ID", key.id.identity(id), Style::new())];
    facts.push(("Label", label(key, text), Style::new()));
    facts.extend(confusable(key).map(|confusable| ("", confusable.words().to_owned(), theme::WARNING)));
    facts.extend([
        ("Status", status.to_owned(), style),
        ("Created", format!("{}{}", when::absolute(key.created_at), by(key)), Style::new()),
        ("Last used", last_used(key, now), Style::new()),
        ("Expires", expires, Style::new()),
    ]);
    facts
}

/// Each fact in a row.
fn in_short(key: &AccessKey, width: usize, now: ClockReading) -> [DetailRow; 6] {
    let (status, style) = theme::status(key.status);
    let used = when::last_used(key.last_used_at, now.utc);
    let expires = key
        .expires_at
        .map_or_else(|| "never".to_owned(), |end| format!("{} ({})", when::minute(end), when::relative(end, now.utc)));
    [
        ("ID", key.id.identity(width), Style::new()),
        ("Label", label(key, width), Style::new()),
        ("Last used", format!("{used}{}", from(key)), Style::new()),
        ("Expires", expires, Style::new()),
        ("Created", format!("{}{}", when::minute(key.created_at), by(key)), Style::new()),
        ("Status", status.to_owned(), style),
    ]
}

fn label(key: &AccessKey, cells: usize) -> String {
    if key.label.is_empty() { "(none)".to_owned() } else { key.label.identity(cells) }
}

fn by(key: &AccessKey) -> String {
    if key.created_by.is_empty() { String::new() } else { format!(" by {}", key.created_by.to_display(24)) }
}

fn from(key: &AccessKey) -> String {
    key.last_used_from.as_ref().map_or_else(String::new, |from| format!(" from {}", from.to_display(40)))
}

/// The last use in full.
fn last_used(key: &AccessKey, now: ClockReading) -> String {
    let Some(at) = key.last_used_at else { return "never".to_owned() };
    format!("{} ({}){}", when::absolute(at), when::relative(at, now.utc), from(key))
}

/// Draws a name in so many columns, and beside it what is told of it, in one row or as many as it takes; gives the rows
/// below.
fn fact(frame: &mut Buffer, area: Rect, (columns, in_one): (u16, bool), (name, text, style): &DetailRow) -> Rect {
    let indent = columns.min(area.width);
    line(frame, Rect { width: indent, ..area }, Line::styled(*name, theme::QUIET));
    let mut beside = Rect { x: area.x + indent, width: area.width - indent, ..area };
    if in_one {
        line(frame, next_row(&mut beside), Line::styled(text.as_str(), *style));
    } else {
        beside = paragraph(frame, beside, text, *style);
    }
    Rect { x: area.x, width: area.width, ..beside }
}
