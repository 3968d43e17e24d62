//! The last two rows: what happened and where one is; what can be pressed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{line, line_right, paragraph, rows};
use crate::domain::Identity;
use crate::operations::actions::ActionId;
use crate::operations::format::grouped;
use crate::tui::keymap;
use crate::tui::keymap::{Action, Binding, Mode};
use crate::tui::state::{ClockReading, DetailsPane, Dialog, ExitState, Panes, State, Window};
use crate::tui::theme;

/// Said until what was put off is finished or forgotten.
const UNFINISHED: &str = "Interrupted creation: F finishes it.";

/// Draws the notice, and the place in the list.
pub(crate) fn draw_status(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    let width = usize::from(area.width);
    let is_screen = state.dialog.as_ref().is_some_and(Dialog::is_screen);
    let trouble = state.list.trouble.as_ref().filter(|_| state.list.window.is_some() && !is_screen);
    let (text, style) = match (&state.notice, trouble) {
        _ if (state.exit != ExitState::No || state.suspending) && state.creating => {
            let words = "Waiting for the new key before quitting; its secret is shown only once.";
            (words.to_owned(), theme::WARNING)
        }
        (Some(notice), _) => {
            (notice.text.replace('\n', " "), if notice.is_error { theme::ERROR } else { Style::new() })
        }
        // Said above.
        (None, Some(trouble)) if trouble.error.needs_sign_in() => (String::new(), Style::new()),
        (None, Some(trouble)) => (trouble.error.to_string(), theme::ERROR),
        (None, None) if state.dialog.is_none() && !state.list.marks.is_empty() => (marked(state, width), theme::QUIET),
        (None, None) if !state.unsettled.later.is_empty() => (UNFINISHED.to_owned(), theme::WARNING),
        (None, None) => {
            let who = state.server.as_ref().and_then(|server| server.who.as_ref());
            (who.map(|who| who_is_here(who, width)).unwrap_or_default(), theme::QUIET)
        }
    };
    let cells = text.width() + 1;
    let words = Rect { x: area.x + 1, width: area.width - 1, ..area };
    // What goes with the next press may take a row of the page until then.
    if cells > width && state.notice.is_some() && (state.dialog.is_none() || is_screen) {
        let height = rows(&text, words.width).min(area.y / 2 + 1);
        let y = area.bottom() - height + u16::from(stands_last(state));
        let words = Rect { y, height, ..words };
        Clear.render(Rect { x: area.x, width: area.width, ..words }, frame);
        paragraph(frame, words, &text, style);
        return;
    }
    // What is under way is worth more than a sentence, and that more than the place in the list.
    if let Some(waiting) = state.waiting.and_then(|waiting| waiting.in_words(now)) {
        let taken = line_right(frame, area, Line::styled(format!(" {waiting} "), theme::WARNING));
        return line(frame, Rect { width: words.width.saturating_sub(taken), ..words }, Line::styled(text, style));
    }
    let place = match place(state) {
        (Some(at), Some(total)) => format!("{} of {} ", grouped(at), grouped(total)),
        // That there are more is said above, too.
        (Some(at), None) if let Some((_, read)) = screen_rows(state) => {
            format!("{} of over {} ", grouped(at), grouped(read as u64))
        }
        (Some(at), None) => format!("{} ", grouped(at)),
        _ => String::new(),
    };
    if cells + place.len() < width {
        line_right(frame, area, place);
    }
    line(frame, words, Line::styled(text, style));
}

/// The number of the selected row, and how many there are, as far as that is known.
fn place(state: &State) -> (Option<u64>, Option<u64>) {
    match screen_rows(state) {
        Some((_, 0)) => (None, None),
        Some((selected, count)) => {
            let has_more = matches!(&state.dialog, Some(Dialog::History(screen)) if screen.has_more());
            (Some(selected as u64 + 1), (!has_more).then_some(count as u64))
        }
        None if state.filter_error().is_some() => (None, None),
        None => (state.list.position(), state.list.total),
    }
}

/// The selected row of a screen that is a list, and how many there are.
fn screen_rows(state: &State) -> Option<(usize, usize)> {
    match &state.dialog {
        Some(Dialog::Admins(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::Sessions(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::History(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::Overview(_)) => Some((0, 0)), // bars are not rows
        _ => None,
    }
}

/// Whether the selected row is on the row above: it stays in sight, and the hints make way.
fn stands_last(state: &State) -> bool {
    let panes = state.panes();
    if let Some((selected, _)) = screen_rows(state) {
        let list = Panes::new(state.size.0, state.size.1, None).list;
        // Below events, the selected one is told.
        let is_last = !matches!(state.dialog, Some(Dialog::History(_))) || Panes::event_rows(list) == 0;
        return is_last && selected + 1 >= usize::from(list);
    }
    let lists = matches!(panes.details, DetailsPane::None | DetailsPane::Beside(_));
    lists && state.list.window.is_some() && state.list.selected + 1 >= state.list.top + usize::from(panes.list)
}

/// How many keys are marked, and what can be done with them; in few words where there is little room.
fn marked(state: &State, width: usize) -> String {
    let list = &state.list;
    let count = list.marks.count(list.total).map_or_else(|| "All".to_owned(), grouped);
    let them = if count == "1" { "it" } else { "them" };
    match (width < 60, list.marks.has_range()) {
        (false, true) => format!("{count} marked: a, e and d act on {them}. V ends the range."),
        (false, false) => format!("{count} marked: a, e and d act on {them}. Esc unmarks {them}."),
        (true, true) => format!("{count} marked. V ends the range."),
        (true, false) => format!("{count} marked. Esc unmarks."),
    }
}

/// Who is signed in, and how long; in few words if these do not fit.
fn who_is_here(who: &Identity, width: usize) -> String {
    let (name, role) = (who.username.to_display(40), who.role.to_display(20));
    let whole = format!("{name} ({role}), session ends {}", when::hour(who.expires_at));
    if whole.width() < width { whole } else { format!("{name} ({role})") }
}

/// Draws what can be pressed now, as far as it fits.
pub(crate) fn draw_hints(frame: &mut Buffer, area: Rect, state: &State) {
    let width = |(press, hint): &(&str, &str)| press.chars().count() + hint.chars().count() + 3;
    let permissions = state.permissions();
    let is_empty = state.list.window.as_ref().is_some_and(Window::is_empty) && state.list.query.filter.is_empty();
    let has_rows = !is_empty || state.mode() != Mode::List;
    let has_row = match state.mode() {
        Mode::List => state.list.selected_key().is_some(),
        Mode::Admins | Mode::Sessions | Mode::History => screen_rows(state).is_some_and(|(_, count)| count > 0),
        _ => true,
    };
    let offered = keymap::hints(state.mode())
        .filter(|binding| binding.action.is_offered(permissions) && (has_row || !binding.action.needs_row()))
        .filter(|binding| has_rows || !arranges(binding.action))
        .filter(|binding| is_of_use(binding.action, state) && !state.footer_hint(binding).is_empty())
        .filter(|binding| !matches!(&state.dialog, Some(Dialog::History(screen)) if !screen.offers(binding.action)));
    let (hints, worth): (Vec<(&str, &str)>, Vec<Worth>) =
        offered.map(|binding| ((binding.press, state.footer_hint(&binding)), worth(&binding, state.mode()))).unzip();
    let mut room = usize::from(area.width) + 1; // the two blanks behind the last one may fall off
    let mut fits = vec![false; hints.len()];
    let mut by_worth: Vec<usize> = (0..hints.len()).collect();
    by_worth.sort_by_key(|at| worth[*at]);
    for at in by_worth {
        if let (Some(fit @ false), Some(hint)) = (fits.get_mut(at), hints.get(at))
            && width(hint) <= room
        {
            *fit = true;
            room = room.saturating_sub(width(hint));
        }
    }
    let mut spans = vec![Span::raw(" ")];
    for ((press, hint), _) in hints.into_iter().zip(fits).filter(|(_, fits)| *fits) {
        spans.push(Span::styled(press, theme::PRESS));
        spans.push(Span::styled(format!(" {hint}  "), theme::QUIET));
    }
    line(frame, area, Line::from(spans));
}

/// What a hint is worth where there isn't room for all: the way out and the most used presses stay longest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    WayOut,
    Most,
    Some,
    Spare,
}

fn worth(binding: &Binding, mode: Mode) -> Worth {
    match (mode, binding.action) {
        (Mode::List, Action::Do(ActionId::Help | ActionId::Quit))
        | (Mode::Reveal, Action::KeyHelp)
        | (Mode::Admins | Mode::Sessions | Mode::History | Mode::Overview | Mode::Profiles, Action::Cancel) => {
            Worth::WayOut
        }
        (Mode::List, Action::Do(ActionId::Show | ActionId::Filter)) => Worth::Most,
        (_, Action::KeyHelp) => Worth::Spare,
        _ if binding.is_spare => Worth::Spare,
        _ => Worth::Some,
    }
}

/// Whether it only filters or sorts what is in the list.
const fn arranges(action: Action) -> bool {
    use ActionId::{Filter, FilterStatus, ReverseSort, Sort};
    matches!(action, Action::Do(Filter | FilterStatus | ReverseSort | Sort))
}

/// Whether a press would do something now.
fn is_of_use(action: Action, state: &State) -> bool {
    match action {
        Action::Do(ActionId::Undo) => state.undo.is_some(),
        Action::Do(ActionId::SignOut) => state.server.as_ref().is_some_and(|server| server.who.is_some()),
        _ => true,
    }
}
