//! The last two rows: what happened and where one is; what can be pressed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pieces::{grouped, line, line_right};
use super::when;
use crate::model::Who;
use crate::ui::app::{App, Exit};
use crate::ui::keymap::{self, Binding, Mode};
use crate::ui::theme;

/// Draws the notice, and the place in the list.
pub(super) fn draw_status(frame: &mut Buffer, area: Rect, app: &App) {
    if (app.exit != Exit::No || app.suspending) && app.creating {
        let words = " Waiting for the new key before leaving: its secret comes only once.";
        return line(frame, area, Line::styled(words, theme::WARNING));
    }
    let who = app.server.as_ref().and_then(|server| server.who.as_ref()).map(who);
    let place = match (app.list.position(), app.list.total) {
        (Some(at), Some(total)) => format!("{} of {} ", grouped(at), grouped(total)),
        (Some(at), None) => format!("{} ", grouped(at)),
        _ => String::new(),
    };
    let text = match (&app.notice, &app.list.trouble) {
        (Some(notice), _) if notice.is_error => Line::styled(format!(" {}", notice.text), theme::ERROR),
        (Some(notice), _) => Line::raw(format!(" {}", notice.text)),
        (None, Some(trouble)) if app.list.window.is_some() => Line::styled(format!(" {}", trouble.error), theme::ERROR),
        (None, _) => Line::styled(who.unwrap_or_default(), theme::QUIET),
    };
    // A sentence is worth more than the place in the list.
    if text.width() + place.len() < usize::from(area.width) {
        line_right(frame, area, place);
    }
    line(frame, area, text);
}

/// Who is signed in, and how long.
fn who(who: &Who) -> String {
    let (name, role) = (who.username.label(40), who.role.label(20));
    format!(" Signed in as {name} ({role}) until {}", when::clock(who.expires_at))
}

/// Draws what can be pressed now, as far as it fits.
pub(super) fn draw_hints(frame: &mut Buffer, area: Rect, app: &App) {
    let width = |binding: &Binding| binding.press.chars().count() + binding.hint.chars().count() + 3;
    let may_change = app.read_only().is_none();
    let hints = keymap::hints(app.mode()).filter(|hint| may_change || !hint.action.changes_keys());
    let hints: Vec<&Binding> = hints.collect();
    // On the list the last ones, help and quit, must not fall off: those before them go.
    let last = if app.mode() == Mode::List { hints.len().saturating_sub(2) } else { 0 };
    let mut room = usize::from(area.width) + 1; // the two blanks behind the last one may fall off
    let mut fits = vec![false; hints.len()];
    for at in (last..hints.len()).chain(0..last) {
        if let (Some(fit @ false), Some(hint)) = (fits.get_mut(at), hints.get(at))
            && width(hint) <= room
        {
            *fit = true;
            room = room.saturating_sub(width(hint));
        }
    }
    let mut spans = vec![Span::raw(" ")];
    for (binding, _) in hints.iter().zip(fits).filter(|(_, fits)| *fits) {
        spans.push(Span::styled(binding.press, theme::PRESS));
        spans.push(Span::styled(format!(" {}  ", binding.hint), theme::QUIET));
    }
    line(frame, area, Line::from(spans));
}
