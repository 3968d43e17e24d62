//! The dialog of views.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::domain::{Untrusted, View};
use crate::operations::format::grouped;
use crate::tui::state::ViewsDialog;
use crate::tui::theme;
use crate::tui::view::widgets::{field, line, line_right, mark_here, mark_row, next_row, paragraph, popup};

/// Columns and rows of the frame that are not inside.
const FRAME: u16 = 2;
/// In place of a number that is not known yet.
const COUNTING: &str = "…";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &ViewsDialog) -> Option<Position> {
    let failure = dialog.counts.as_ref().and_then(|counts| counts.as_ref().err());
    let words = match &dialog.naming {
        Some((_, wrong)) => wrong.clone(),
        None => failure.map(ToString::to_string),
    };
    let rows = u16::try_from(dialog.views.len()).unwrap_or(u16::MAX);
    let height =
        rows.saturating_add(FRAME + if words.is_some() { 3 } else { 0 } + if dialog.naming.is_some() { 2 } else { 0 });
    let mut rest = popup(frame, area, 64, height, "Views");
    let mut cursor = None;
    if let Some((typed, _)) = &dialog.naming {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled("New view", theme::QUIET));
        let place = Rect { x: row.x + 10, width: row.width.saturating_sub(10), ..row };
        cursor = field(frame, place, typed, true);
        next_row(&mut rest);
    }
    let height = usize::from(rest.height).min(dialog.views.len());
    let top = (dialog.selected + 1).saturating_sub(height);
    for (at, view) in dialog.views.iter().enumerate().skip(top).take(height) {
        let row = next_row(&mut rest);
        let count = match &dialog.counts {
            None => COUNTING.to_owned(),
            Some(Ok(counts)) => counts.get(at).copied().flatten().map_or_else(|| theme::NONE.to_owned(), grouped),
            Some(Err(_)) => String::new(),
        };
        let taken = line_right(frame, row, Line::raw(format!(" {count} ")));
        let place = Rect { width: row.width - taken, ..row };
        line(frame, place, Line::from(describe(at, view, dialog, usize::from(place.width))));
        mark_row(frame, row);
        if at == dialog.selected {
            frame.set_style(row, theme::SELECTED);
            mark_here(frame, row);
        }
    }
    if let Some(words) = words {
        if rest.height > 1 {
            next_row(&mut rest);
        }
        paragraph(frame, rest, &words, theme::WARNING);
    }
    cursor
}

/// Its digit and title; of one of the user's own, the search too.
fn describe(at: usize, view: &View, dialog: &ViewsDialog, room: usize) -> Vec<Span<'static>> {
    let pointer = if at == dialog.selected { theme::POINTER } else { "  " };
    let digit = if at < 10 { at.to_string() } else { " ".to_owned() };
    let room = room.saturating_sub(6);
    let title = Untrusted::new(&view.title).to_display(room);
    let left = room.saturating_sub(title.chars().count() + 2);
    let behind = match dialog.current {
        Some(current) if current == at => "  (current)".to_owned(),
        _ if view.title == view.name && left > 8 => format!("  {}", Untrusted::new(&view.search).to_display(left)),
        _ => String::new(),
    };
    vec![
        Span::raw(pointer),
        Span::styled(digit, theme::PRESS),
        Span::raw(format!("  {title}")),
        Span::styled(behind, theme::QUIET),
    ]
}
