//! The heading: where one is, whose server it is, how many keys there are; and the bar below it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::place::Place;
use super::widgets::{NARROW, field, line, line_right};
use super::{list, when};
use crate::domain::{DUE_DAYS, Untrusted};
use crate::operations::format::grouped;
use crate::operations::handover::{Handover, Wrong, name_in};
use crate::operations::keys::due::{PRESS, within_days};
use crate::operations::keys::views;
use crate::tui::state::{ClockReading, DetailsPane, Dialog, LoadFailure, State};
use crate::tui::theme;

/// The most cells for the name of a view.
const VIEW: usize = 32;

/// One or two rows: breadcrumb and title, and at the right who works where.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, state: &State) {
    let (step, title, count) = heading(state);
    frame.set_style(Rect { height: 1, ..area }, theme::HEADER);
    let place = Place::of(state);
    let whole = Line::styled(format!(" {title}"), theme::TITLE);
    let count = Line::raw(format!("{count} "));
    if area.height < 2 {
        let is_screen = state.dialog.as_ref().is_some_and(Dialog::is_screen);
        let view = view(state);
        let is_plain = !is_screen && state.list.marks.is_empty() && view.is_none();
        // Of a screen the title says whose it is; how many keys are marked decides what an act does.
        let short = match () {
            () if is_screen => title,
            () if !state.list.marks.is_empty() => count.spans[0].content.trim_end().to_owned(),
            () => view.unwrap_or_else(|| step.to_owned()),
        };
        let mut words = Line::from(Span::styled(format!(" {short}"), theme::HEADER_TITLE));
        let least = place.as_ref().map_or(0, Place::least);
        let room = |words: &Line| match words.width() {
            0 => area.width.into(),
            width => usize::from(area.width).saturating_sub(width + 2),
        };
        if is_plain && least > room(&words) {
            words = Line::default(); // who works where is worth more than that these are keys
        }
        let has_room = words.width() + 2 + count.width() <= usize::from(area.width / 2)
            && least + 2 + count.width() <= room(&words);
        if has_room && words.width() > 0 && state.list.marks.is_empty() {
            words.push_span(format!("  {}", count.spans[0].content));
        }
        let room = room(&words);
        line(frame, area, words);
        line_right(frame, area, at_right(state, place, room));
        return;
    }
    let needs = place.as_ref().map_or(0, Place::whole);
    let room = |crumbs: &str| usize::from(area.width).saturating_sub(crumbs.width() + 2);
    let crumbs = [format!(" Settings {} {step}", theme::STEP), format!(" {step}")];
    // The title says it too.
    let crumbs = crumbs.into_iter().find(|crumbs| needs <= room(crumbs)).unwrap_or_default();
    let room = room(&crumbs);
    line(frame, area, Line::raw(crumbs));
    line_right(frame, area, at_right(state, place, room));
    let second = Rect { y: area.y + 1, height: 1, ..area };
    let taken = whole.width() + 2;
    line(frame, second, whole);
    let mut right = count;
    if let Some(expiring) = expiring(state).filter(|words| words.width() + right.width() + taken <= area.width.into()) {
        right.spans.insert(0, Span::styled(expiring, theme::WARNING));
    }
    line_right(frame, second, right);
}

/// How many keys expire soon, before the count of the list, and what shows them.
fn expiring(state: &State) -> Option<String> {
    let count =
        state.expiring.count.filter(|count| *count > 0 && !state.dialog.as_ref().is_some_and(Dialog::is_screen))?;
    let expire = if count == 1 { "expires" } else { "expire" };
    let within = within_days(DUE_DAYS);
    Some(format!("{} {expire} {within} ({PRESS}) {} ", grouped(count), theme::BETWEEN))
}

/// The title of the view that the list shows, if it shows one.
fn view(state: &State) -> Option<String> {
    let filter = &state.list.query.filter;
    if filter.is_empty() {
        return None;
    }
    let views = state.offered_views();
    views::shown(&views, filter).map(|view| fitting(&view.title, VIEW))
}

/// The last step of the breadcrumb, the title, and how many rows there are.
fn heading(state: &State) -> (&'static str, String, String) {
    let counted = |count: usize, one: &str| match count {
        0 => String::new(),
        1 => format!("1 {one}"),
        count => format!("{} {one}s", grouped(count as u64)),
    };
    match &state.dialog {
        Some(Dialog::Admins(screen)) => {
            ("Administrators", "Administrators".to_owned(), counted(screen.rows.len(), "administrator"))
        }
        Some(Dialog::Sessions(screen)) => {
            let who = screen.of.as_ref().map(|of| format!(" of {}", of.to_display(24))).unwrap_or_default();
            ("Sessions", format!("Sessions{who}"), counted(screen.rows.len(), "session"))
        }
        Some(Dialog::Overview(_)) => ("Overview", "Overview".to_owned(), String::new()),
        Some(Dialog::History(screen)) => {
            let title = match &screen.key {
                None => "Events".to_owned(),
                Some(key) if key.label.is_empty() => format!("History of {}", key.id.to_display(40)),
                Some(key) => {
                    format!("History of “{}”", key.label.to_display(if state.size.0 < NARROW { 14 } else { 40 }))
                }
            };
            let (count, more) = (screen.rows.len(), screen.has_more());
            let count = if more { format!("over {} events", grouped(count as u64)) } else { counted(count, "event") };
            (if screen.key.is_some() { "History" } else { "Events" }, title, count)
        }
        _ => match view(state) {
            Some(view) => ("API Keys", format!("API Keys Management {} {view}", theme::STEP), count(state)),
            None => ("API Keys", "API Keys Management".to_owned(), count(state)),
        },
    }
}

/// Who works where, or whose server is to be the next.
fn at_right(state: &State, place: Option<Place>, room: usize) -> Line<'static> {
    match (&state.connecting, place) {
        (Some(name), _) => {
            let name = fitting(name, room.saturating_sub("Connecting:  ".len()));
            Line::styled(format!("Connecting: {name} "), theme::WARNING)
        }
        (None, place) => place.map_or_else(Line::default, |place| place.line(room)),
    }
}

/// Names and hosts come from a file: by the same gate as a server's text.
fn fitting(text: &str, room: usize) -> String {
    Untrusted::new(text).to_display(room)
}

fn count(state: &State) -> String {
    let list = &state.list;
    if !list.marks.is_empty() {
        let marked = list.marks.count(list.total).map_or_else(|| "all".to_owned(), grouped);
        let elsewhere = list.marks.elsewhere();
        if elsewhere > 0 {
            return format!("{} {marked} marked, {} not shown here", theme::MARK, grouped(elsewhere));
        }
        let of = list.total.map_or(String::new(), |total| format!(" of {}", grouped(total)));
        return format!("{} {marked}{of} marked", theme::MARK);
    }
    if state.filter_error().is_some() {
        return String::new();
    }
    let keys = |n: u64| if n == 1 { "1 key".to_owned() } else { format!("{} keys", grouped(n)) };
    match (list.total, &list.window) {
        (Some(total), _) if list.query.filter.is_empty() => keys(total),
        (Some(1), _) => "1 key matches".to_owned(),
        (Some(total), _) => format!("{} match", keys(total)),
        (None, Some(_)) => "counting…".to_owned(),
        (None, None) => String::new(),
    }
}

/// One row: what is wrong with the server, or the filter, or nothing.
pub(crate) fn draw_bar(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) -> Option<Position> {
    let is_narrow = area.width < NARROW;
    if let (Some(trouble), Some(_)) = (&state.list.trouble, &state.list.window)
        && state.filter.is_none()
    {
        let text = match state.list.as_of {
            Some(at) if trouble.error.needs_sign_in() => {
                let (at, next) = (when::hour(at.utc), next_try(trouble));
                format!(" ! Not signed in: data from {at}. {next}")
            }
            Some(at) if is_narrow => format!(" ! Offline: data from {}. r retries.", when::hour(at.utc)),
            Some(at) => format!(" ! Offline: showing data from {}. {}", when::clock(at.utc), next_try(trouble)),
            None => format!(" ! {}", next_try(trouble)),
        };
        // What the list was narrowed by stays in sight, at the right.
        let typed = &state.list.query.filter.text;
        let room = usize::from(area.width).saturating_sub(text.width() + 3);
        if !typed.is_empty() && room > 6 {
            line_right(frame, area, Line::raw(format!("/ {} ", fitting(typed, room - 3))));
        }
        line(frame, area, Line::styled(text, theme::WARNING));
        return None;
    }
    let filter = &state.list.query.filter;
    let hint = match (is_narrow, filter.text.is_empty()) {
        (true, _) => "",
        (false, true) => "(f next, Esc all) ",
        (false, false) => "(f next) ", // Esc clears the text first
    };
    let status = filter.status.map(|status| format!(" Status: {} {hint}", status.as_str()));
    let taken = status.map_or(0, |text| line_right(frame, area, Line::styled(text, theme::WARNING)));
    let left = Rect { width: area.width - taken, ..area };
    let panes = state.panes();
    let raised = state.hand_overs.alarm();
    let has_room = raised.is_none() && (!is_narrow || state.filter.is_none() && filter.text.is_empty());
    let sorted =
        list::hidden_sort(state, panes.list_width, now).filter(|_| has_room && panes.details != DetailsPane::Instead);
    let sorted = sorted.map(|title| format!(" Sorted by {title}{} ", theme::sorted(state.list.shown.order)));
    let mut taken = taken + sorted.map_or(0, |text| line_right(frame, left, Line::styled(text, theme::QUIET)));
    if let Some((handover, more)) = raised {
        let left = Rect { width: area.width.saturating_sub(taken), ..area };
        if state.filter.is_none() && filter.text.is_empty() {
            line(frame, left, Line::styled(alarm(handover, more, left.width.into()), theme::ERROR));
        } else {
            let short = match Wrong::of(handover) {
                Some((Wrong::OpenedAgain, _)) => " ! code known (B) ",
                _ => " ! not received (B) ",
            };
            taken += line_right(frame, left, Line::styled(short, theme::ERROR));
        }
    }
    if let Some(typed) = &state.filter {
        line(frame, area, Line::from(vec![Span::styled(" / ", theme::PRESS)]));
        let width = area.width.saturating_sub(4 + taken).min(60);
        return field(frame, Rect { x: area.x + 3, width, ..area }, typed, true);
    }
    if !filter.text.is_empty() {
        let text = Span::raw(format!("{}  ", fitting(&filter.text, usize::MAX)));
        let width = area.width.saturating_sub(taken);
        let (name, hint) = if is_narrow { (" / ", "") } else { (" Filter: ", "(Esc clear, / edit)") };
        let (name, hint) = (Span::styled(name, theme::PRESS), Span::styled(hint, theme::QUIET));
        line(frame, Rect { width, ..area }, Line::from(vec![name, text, hint]));
    }
    None
}

/// What is wrong with a hand-over, in so many cells, and that there are more.
fn alarm(handover: &Handover, more: usize, cells: usize) -> String {
    let (wrong, press) = (
        Wrong::of(handover).map(|(wrong, _)| wrong),
        if more > 0 { format!("B, {more} more") } else { "B".to_owned() },
    );
    let whole = |name: &str| match wrong {
        Some(Wrong::OpenedAgain) => format!(" ! Someone tried to open the secret of {name} again ({press})"),
        Some(Wrong::TriedTooOften) => format!(" ! Too many wrong codes for the secret of {name} ({press})"),
        _ => format!(" ! The secret of {name} was never received ({press})"),
    };
    let brief = |name: &str| match wrong {
        Some(Wrong::OpenedAgain) => format!(" ! Others may know the code of {name} ({press})"),
        Some(Wrong::TriedTooOften) => format!(" ! Wrong codes: {name} ({press})"),
        _ => format!(" ! Never received: {name} ({press})"),
    };
    let least = |name: &str| match wrong {
        Some(Wrong::OpenedAgain) => format!(" ! Code known: {name} (B)"),
        _ => format!(" ! Not received: {name} (B)"),
    };
    let room = |words: String| cells.saturating_sub(words.width() + 3);
    match (room(whole("")), room(brief(""))) {
        (room @ 12.., _) => whole(&name_in(handover, room)),
        (_, room @ 12..) => brief(&name_in(handover, room)),
        _ => least(&name_in(handover, room(least("")))),
    }
}

/// What the program does next about a trouble.
pub(crate) fn next_try(trouble: &LoadFailure) -> String {
    match trouble.retry_at {
        // Not a countdown: an idle page sends nothing.
        Some(retry) => format!("Next try at {} (r retries now).", when::clock(retry.utc)),
        None if trouble.error.needs_sign_in() => "Press r to sign in.".to_owned(),
        None if trouble.error.is_lasting() => "Press t to test tokens, p to switch profile.".to_owned(),
        None => "Press r to try again.".to_owned(),
    }
}
