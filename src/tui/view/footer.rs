//! The last two rows: what happened and where one is; what can be pressed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{grouped, line, line_right, paragraph};
use crate::domain::Identity;
use crate::tui::keymap;
use crate::tui::keymap::{Binding, Mode};
use crate::tui::state::{DetailsPane, ExitState, State};
use crate::tui::theme;

/// Draws the notice, and the place in the list.
pub(crate) fn draw_status(frame: &mut Buffer, area: Rect, state: &State) {
    let width = usize::from(area.width);
    let trouble = state.list.trouble.as_ref().filter(|_| state.list.window.is_some());
    let (text, style) = match (&state.notice, trouble) {
        _ if (state.exit != ExitState::No || state.suspending) && state.creating => {
            let words = "Waiting for the new key before leaving: its secret comes only once.";
            (words.to_owned(), theme::WARNING)
        }
        (Some(notice), _) => (notice.text.clone(), if notice.is_error { theme::ERROR } else { Style::new() }),
        (None, Some(trouble)) => (trouble.error.to_string(), theme::ERROR),
        (None, None) => {
            let who = state.server.as_ref().and_then(|server| server.who.as_ref());
            (who.map(|who| who_is_here(who, width)).unwrap_or_default(), theme::QUIET)
        }
    };
    let cells = text.width() + 1;
    let words = Rect { x: area.x + 1, width: area.width - 1, ..area };
    // What goes with the next press may take a row of the page until then.
    if cells > width && state.notice.is_some() && state.dialog.is_none() {
        let words = Rect { y: area.y - u16::from(!stands_last(state)), height: 2, ..words };
        Clear.render(Rect { x: area.x, width: area.width, ..words }, frame);
        paragraph(frame, words, &text, style);
        return;
    }
    let place = match (state.list.position(), state.list.total) {
        (Some(at), Some(total)) => format!("{} of {} ", grouped(at), grouped(total)),
        (Some(at), None) => format!("{} ", grouped(at)),
        _ => String::new(),
    };
    // A sentence is worth more than the place in the list.
    if cells + place.len() < width {
        line_right(frame, area, place);
    }
    line(frame, words, Line::styled(text, style));
}

/// Whether the selected key is on the row above: it stays in sight, and the hints make way.
fn stands_last(state: &State) -> bool {
    let panes = state.panes();
    let lists = matches!(panes.details, DetailsPane::None | DetailsPane::Beside(_));
    lists && state.list.window.is_some() && state.list.selected + 1 >= state.list.top + usize::from(panes.list)
}

/// Who is signed in, and how long; in few words if these do not fit.
fn who_is_here(who: &Identity, width: usize) -> String {
    let (name, role) = (who.username.to_display(40), who.role.to_display(20));
    let short = format!("{name} ({role}) until {}", when::clock(who.expires_at));
    let whole = format!("Signed in as {short}");
    if whole.width() < width { whole } else { short }
}

/// Draws what can be pressed now, as far as it fits.
pub(crate) fn draw_hints(frame: &mut Buffer, area: Rect, state: &State) {
    let width = |binding: &Binding| binding.press.chars().count() + binding.hint.chars().count() + 3;
    let may_change = state.read_only().is_none();
    let hints = keymap::hints(state.mode()).filter(|hint| may_change || !hint.action.changes_keys());
    let hints: Vec<&Binding> = hints.collect();
    // On the list the last ones, help and quit, must not fall off: those before them go.
    let last = if state.mode() == Mode::List { hints.len().saturating_sub(2) } else { 0 };
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
