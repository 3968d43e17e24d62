//! Draws the state. Does no work, changes nothing.

mod admins;
mod body;
mod details;
mod dialog;
mod footer;
mod header;
mod history;
mod list;
mod matches;
mod overview;
mod place;
mod reveal;
mod table;
mod when;
mod widgets;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

pub(crate) use place::title;

use super::keymap::Mode;
use super::screen::{Cursor, RowCache};
use super::state::{ClockReading, DetailsPane, Dialog, Panes, SMALLEST, State};
use super::theme;
use super::wrap::wrap;
use crate::domain::Sort;

/// Draws the page and what is on it, except rows of the list that the cache keeps; gives the place of the cursor.
pub fn draw(frame: &mut Buffer, rows: &mut RowCache, state: &State, now: ClockReading) -> Cursor {
    let area = frame.area;
    if state.is_too_small() {
        draw_too_small(frame, area, state);
        return Cursor::default();
    }
    let panes = state.panes();
    let row = |y: u16, height: u16| Rect::new(0, y, area.width, height);
    header::draw(frame, row(0, panes.heading), state);
    let screen = state.dialog.as_ref().filter(|dialog| dialog.is_screen());
    let cursor = match screen {
        Some(Dialog::History(screen)) => history::draw_bar(frame, row(panes.heading, 1), screen),
        Some(_) => None,
        None => header::draw_bar(frame, row(panes.heading, 1), state, now),
    };
    let body = Rect::new(0, panes.heading + 1, panes.list_width, panes.list + 1);
    let rows = if has_rows_to_itself(state) { rows } else { &mut RowCache::default() };
    match panes.details {
        _ if screen.is_some() => {
            let height = Panes::new(area.width, area.height, None).list + 1;
            let body = Rect { width: area.width, height, ..body };
            match screen {
                Some(Dialog::History(screen)) => history::draw(frame, body, screen, state.dates, now),
                Some(Dialog::Overview(screen)) => overview::draw(frame, body, screen),
                _ => admins::draw(frame, body, state, now),
            }
        }
        DetailsPane::Instead => details::draw(frame, body, state, now),
        DetailsPane::None => body::draw(frame, rows, body, state, now),
        DetailsPane::Below(height) => {
            body::draw(frame, rows, body, state, now);
            details::draw(frame, row(body.bottom(), height), state, now);
        }
        DetailsPane::Beside(columns) => {
            body::draw(frame, rows, body, state, now);
            details::draw(frame, Rect::new(body.right(), body.y, columns, body.height), state, now);
        }
    }
    let is_screen = matches!(state.mode(), Mode::Admins | Mode::Sessions | Mode::History | Mode::Overview)
        || matches!(state.dialog, Some(Dialog::History(_)));
    let is_covered = state.dialog.is_some() && !is_screen;
    if is_covered || state.guarding().is_some() || state.signing_in().is_some() {
        // As it was, but for the text: neither colours nor the selected row draw the eye away from the dialog.
        let behind = Style::reset().patch(theme::BEHIND);
        frame.set_style(row(0, area.height - 2), behind);
    }
    footer::draw_hints(frame, row(area.height - 1, 1), state);
    footer::draw_status(frame, row(area.height - 2, 1), state, now);
    let cursor = match &state.dialog {
        None | Some(Dialog::History(_)) => cursor,
        Some(dialog) => dialog::draw(frame, area, dialog, state, now),
    };
    let cursor = match state.guarding() {
        Some(guard) => {
            dialog::guard::draw(frame, area, guard, state);
            None
        }
        None => cursor,
    };
    let cursor = match state.signing_in() {
        Some(sign_in) => dialog::servers::draw_sign_in(frame, area, sign_in, state),
        None => cursor,
    };
    let cursor = match &state.help {
        Some(help) => {
            frame.set_style(row(0, area.height - 2), Style::reset().patch(theme::BEHIND));
            dialog::help::draw(frame, area, help, state)
        }
        None => cursor,
    };
    // What went wrong may have taken the field's row.
    match cursor.filter(|at| frame[*at].fg != theme::ERROR.fg.unwrap_or_default()) {
        Some(at) => Cursor::typing(at),
        None if state.dialog.is_some() || state.sign_in.is_some() => Cursor::resting(focused(frame)),
        None => Cursor::resting(list::selected_place(body, state).filter(|_| panes.details != DetailsPane::Instead)),
    }
}

/// What a click is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// The name of a column of the list.
    Column(Sort),
    /// A row, so many lines below the selected one.
    Row {
        distance: i32,
    },
    Button {
        is_focused: bool,
        is_cancel: bool,
    },
}

/// What a click at this place is on, if it is on something.
pub fn target(state: &State, at: Position, now: ClockReading) -> Option<ClickTarget> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    if !area.contains(at) {
        return None;
    }
    let mut frame = Buffer::empty(area);
    let cursor = draw(&mut frame, &mut RowCache::default(), state, now);
    if frame[at].modifier.contains(theme::BUTTON) {
        let is_button = |x: &u16| frame[(*x, at.y)].modifier.contains(theme::BUTTON);
        let begin = (0..=at.x).rev().take_while(is_button).last().unwrap_or(at.x);
        let name: String = (begin..area.width).take_while(is_button).map(|x| frame[(x, at.y)].symbol()).collect();
        let is_focused = focused(&frame).is_some_and(|here| here.y == at.y && (begin..=at.x).contains(&here.x));
        return Some(ClickTarget::Button { is_focused, is_cancel: name == widgets::button(widgets::CANCEL) });
    }
    let panes = state.panes();
    let is_list = matches!(state.mode(), Mode::List | Mode::Filter) && panes.details != DetailsPane::Instead;
    let body = Rect::new(0, panes.heading + 1, panes.list_width, panes.list + 1);
    if is_list && let Some(sort) = list::sort_at(body, state, at, now) {
        return Some(ClickTarget::Column(sort));
    }
    let here = if is_list { list::selected_place(body, state) } else { focused(&frame).or(cursor.at) }?;
    let is_row = (0..=at.x).any(|x| frame[(x, at.y)].modifier.contains(theme::ROW));
    (is_row && (!is_list || at.x < panes.list_width))
        .then(|| ClickTarget::Row { distance: i32::from(at.y) - i32::from(here.y) })
}

/// The button or choice that has the focus.
fn focused(frame: &Buffer) -> Option<Position> {
    let at = frame.content.iter().position(|cell| cell.modifier.contains(theme::HERE))?;
    Some(frame.pos_of(at).into())
}

/// Whether nothing is drawn over the list. A notice may take a row of it.
const fn has_rows_to_itself(state: &State) -> bool {
    state.dialog.is_none()
        && state.sign_in.is_none()
        && state.guard.is_none()
        && state.notice.is_none()
        && state.help.is_none()
}

fn draw_too_small(frame: &mut Buffer, area: Rect, state: &State) {
    let (width, height) = SMALLEST;
    let next = match state.mode() {
        Mode::List | Mode::Filter => "Enlarge it or press q.",
        Mode::Question => "Enlarge it to answer.",
        _ => "Enlarge it or press Ctrl-C.",
    };
    let words = [
        "Terminal too small:".to_owned(),
        format!("{}×{}, needs {width}×{height}.", area.width, area.height),
        next.to_owned(),
    ];
    let width = usize::from(area.width);
    for (y, words) in (0..area.height).zip(words.iter().flat_map(|words| wrap(words, width))) {
        frame.set_stringn(0, y, words, width, Style::new()); // no room for a mark
    }
}
