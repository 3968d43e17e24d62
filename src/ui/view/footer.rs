//! The last two rows: what happened and where one is; what can be pressed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::pieces::{grouped, line, line_right};
use crate::ui::app::{App, Call, Dialog};
use crate::ui::keymap::{self, Mode};
use crate::ui::theme;

/// Draws the notice, and the place in the list.
pub(super) fn draw_status(frame: &mut Buffer, area: Rect, app: &App) {
    let place = match (app.list.position(), app.list.total) {
        (Some(at), Some(total)) => format!("{} of {} ", grouped(at), grouped(total)),
        (Some(at), None) => format!("{} ", grouped(at)),
        _ => String::new(),
    };
    let taken = line_right(frame, area, place);
    let left = Rect { width: area.width.saturating_sub(taken + 1), ..area };
    let waits = matches!(&app.dialog, Some(Dialog::Create(dialog)) if matches!(dialog.call, Call::Sent)) || app.creating;
    if app.leaving && waits {
        let words = " Waiting for the new key before leaving: its secret comes only once.";
        line(frame, left, Line::styled(words, theme::WARNING));
    } else if let Some(notice) = &app.notice {
        let style = if notice.is_error { theme::ERROR } else { Style::new() };
        line(frame, left, Line::styled(format!(" {}", notice.text), style));
    }
}

/// Draws what can be pressed now, as far as it fits.
pub(super) fn draw_hints(frame: &mut Buffer, area: Rect, app: &App) {
    let mut spans = vec![Span::raw(" ")];
    let mut cells = 1;
    let width = usize::from(area.width);
    for binding in keymap::hints(app.mode()) {
        let more = binding.press.chars().count() + 1 + binding.hint.chars().count() + 2;
        // Help and quit stand last in the table, and must not fall off.
        if cells + more > width && app.mode() == Mode::List && !matches!(binding.press, "?" | "q") {
            continue;
        }
        cells += more;
        if cells > width + 2 {
            break;
        }
        spans.push(Span::styled(binding.press, theme::PRESS));
        spans.push(Span::styled(format!(" {}  ", binding.hint), theme::QUIET));
    }
    line(frame, area, Line::from(spans));
}
