//! The details of a key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Padding, Widget};

use super::pieces::{line, next_row, paragraph};
use super::when;
use crate::model::{AccessKey, Doubt};
use crate::ui::app::{App, Moment};
use crate::ui::theme;

/// Draws the selected key's details.
pub(super) fn draw(frame: &mut Buffer, area: Rect, app: &App, now: Moment) {
    let beside = area.x > 0;
    let block = Block::new()
        .borders(if beside { Borders::LEFT } else { Borders::TOP })
        .border_set(theme::BORDER)
        .title(Line::styled(" Details ", theme::TITLE))
        .padding(Padding::horizontal(1));
    let mut inside = block.inner(area);
    block.render(area, frame);
    if beside {
        next_row(&mut inside);
    }
    match app.list.selected_key() {
        Some(key) => {
            facts(frame, inside, key, now);
        }
        None => line(frame, inside, "No key is selected."),
    }
}

/// Why a key may be taken for another.
pub(super) fn doubt(key: &AccessKey) -> Option<Doubt> {
    key.id.doubt().or_else(|| key.label.doubt())
}

/// Draws what is known of a key; gives the rows below.
pub(super) fn facts(frame: &mut Buffer, mut area: Rect, key: &AccessKey, now: Moment) -> Rect {
    let width = usize::from(area.width);
    area = fact(frame, area, "Access key ID", &key.id.identity(4 * width), Style::new());
    let label = if key.label.is_empty() { "(none)".to_owned() } else { key.label.identity(2 * width) };
    area = fact(frame, area, "Label", &label, Style::new());
    if let Some(doubt) = doubt(key).filter(|_| width >= 50) {
        area = fact(frame, area, "", doubt.words(), theme::WARNING);
    }
    let (status, style) = theme::status(key.status);
    area = fact(frame, area, "Status", status, style);
    let by = if key.created_by.is_empty() { String::new() } else { format!(" by {}", key.created_by.label(24)) };
    area = fact(frame, area, "Created", &format!("{}{by}", when::absolute(key.created_at)), Style::new());
    area = fact(frame, area, "Last used", &last_used(key, now), Style::new());
    let end = key.expires_at.map_or_else(
        || "never".to_owned(),
        |end| format!("{} ({})", when::absolute(end), when::relative(end, now.utc)),
    );
    fact(frame, area, "Expires", &end, Style::new())
}

/// The last use in full.
pub(super) fn last_used(key: &AccessKey, now: Moment) -> String {
    let Some(at) = key.last_used_at else { return "never".to_owned() };
    let from = key.last_used_from.as_ref().map_or(String::new(), |from| format!(" from {}", from.label(40)));
    format!("{} ({}){from}", when::absolute(at), when::relative(at, now.utc))
}

/// A name and what stands behind it, in as many rows as it takes.
fn fact(frame: &mut Buffer, area: Rect, name: &str, text: &str, style: Style) -> Rect {
    const NAME: u16 = 15;
    frame.set_stringn(
        area.x,
        area.y.min(frame.area.bottom() - 1),
        if area.height > 0 { name } else { "" },
        usize::from(area.width),
        theme::QUIET,
    );
    let indent = NAME.min(area.width);
    let below = paragraph(frame, Rect { x: area.x + indent, width: area.width - indent, ..area }, text, style);
    Rect { x: area.x, width: area.width, ..below }
}
