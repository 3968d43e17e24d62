//! The screens of administrators and of sessions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::body::say;
use super::table;
use super::table::TableColumn;
use super::when;
use crate::operations::format::grouped;
use crate::operations::messages;
use crate::tui::state::{AdminsScreen, ClockReading, Dialog, Rows, SessionsScreen, State};
use crate::tui::theme;

/// Cells of a name, a role and an address: the longest of our servers.
const CELLS: (usize, usize, usize) = (64, 13, 45);

const fn column(title: &'static str, rank: u8) -> TableColumn {
    TableColumn::new(title, rank)
}

const ADMINS: [TableColumn; 5] =
    [column("User name", 0), column("Role", 0), column("Sessions", 2), column("Last sign-in", 1), column("Created", 3)];

const SESSIONS: [TableColumn; 6] = [
    column("User name", 0),
    column("From", 1),
    column("Last seen", 0),
    column("Since", 2),
    column("Role", 4),
    column("Ends", 3),
];

/// Draws the screen that is open.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    match &state.dialog {
        Some(Dialog::Admins(screen)) => draw_admins(frame, area, screen, state, now),
        Some(Dialog::Sessions(screen)) => draw_sessions(frame, area, screen, state, now),
        _ => {}
    }
}

fn draw_admins(frame: &mut Buffer, area: Rect, screen: &AdminsScreen, state: &State, now: ClockReading) {
    let next = "Press a to add the first one.";
    if !draw_unless_rows(frame, area, &screen.rows, "Loading administrators…", "Can't load the administrators") {
        return;
    }
    if screen.rows.is_empty() {
        let rest = if needs_sign_in(state) { vec![next] } else { vec![messages::WITHOUT_ADMINISTRATORS, next] };
        return say(frame, area, messages::NO_ADMINISTRATORS, &rest);
    }
    let server = state.server.as_ref();
    let rows = screen.rows.entries.iter().flatten().map(|one| {
        let is_own = server.is_some_and(|server| server.is_signed_in_as(one.username.raw_for_api()));
        let (count, style) = match screen.sessions_of(&one.username) {
            0 => (theme::NONE.to_owned(), theme::QUIET),
            count => (grouped(count as u64), Style::new()),
        };
        [
            named(&one.username.identity(CELLS.0), if is_own { " (you)" } else { "" }),
            (one.role.to_display(CELLS.1), Style::new()),
            (count, style),
            (when::last_used(one.last_sign_in_at, now.utc, state.dates), Style::new()),
            (when::day(one.created_at, state.dates), Style::new()),
        ]
    });
    let rows: Vec<_> = rows.collect();
    table::draw(frame, area, &ADMINS, &rows, place(area, &screen.rows));
}

fn draw_sessions(frame: &mut Buffer, area: Rect, screen: &SessionsScreen, state: &State, now: ClockReading) {
    if !draw_unless_rows(frame, area, &screen.rows, "Loading sessions…", "Can't load the sessions") {
        return;
    }
    if screen.rows.is_empty() {
        let title = screen.of.as_ref().map(|of| format!("{} is not signed in.", of.to_display(CELLS.0)));
        let rest: &[&str] = if needs_sign_in(state) { &[] } else { &[messages::WITHOUT_SESSIONS] };
        return say(frame, area, title.as_deref().unwrap_or(messages::NO_SESSIONS), rest);
    }
    let rows = screen.rows.entries.iter().flatten().map(|one| {
        [
            named(&one.username.identity(CELLS.0), if one.current { " (this session)" } else { "" }),
            (one.from.to_display(CELLS.2), Style::new()),
            (when::last_used(Some(one.last_seen_at), now.utc, state.dates), Style::new()),
            (when::minute(one.created_at, state.dates), Style::new()),
            (one.role.to_display(CELLS.1), Style::new()),
            (when::last_used(Some(one.ends_at), now.utc, state.dates), Style::new()),
        ]
    });
    let rows: Vec<_> = rows.collect();
    table::draw(frame, area, &SESSIONS, &rows, place(area, &screen.rows));
}

/// Says why there are no rows to draw, if so.
pub(super) fn draw_unless_rows<T>(frame: &mut Buffer, area: Rect, rows: &Rows<T>, loading: &str, failed: &str) -> bool {
    match (&rows.entries, &rows.failure) {
        (Some(_), None) => return true,
        (_, Some(error)) if error.needs_sign_in() => {
            say(frame, area, messages::NOT_SIGNED_IN, &["Press r to sign in."]);
        }
        (_, Some(error)) => say(frame, area, failed, &[&error.to_string(), "Press r to try again."]),
        (None, None) => say(frame, area, loading, &[]),
    }
    false
}

/// A name, and what it is to the user. What is said of it must not be a part of the name: its blank can't be.
fn named(name: &str, of: &str) -> (String, Style) {
    (format!("{name}{of}"), if of.is_empty() { Style::new() } else { theme::GOOD })
}

fn place<T>(area: Rect, rows: &Rows<T>) -> (usize, usize) {
    (rows.top(usize::from(area.height.saturating_sub(1))), rows.selected)
}

fn needs_sign_in(state: &State) -> bool {
    state.server.as_ref().is_some_and(|server| server.profile.signs_in)
}
