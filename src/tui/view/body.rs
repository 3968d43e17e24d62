//! The body: the list, or why there is none.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::widgets::{next_row, paragraph};
use super::{header, list};
use crate::domain::{SearchError, Untrusted, sentence};
use crate::operations::keys::list::nothing_found;
use crate::operations::messages;
use crate::tui::screen::RowCache;
use crate::tui::state::{ClockReading, LoadFailure, State};
use crate::tui::theme;

/// Draws whichever it is.
pub(crate) fn draw(frame: &mut Buffer, rows: &mut RowCache, area: Rect, state: &State, now: ClockReading) {
    if let Some(error) = state.filter_error() {
        return draw_filter_error(frame, area, state, &error);
    }
    // While another list is awaited, nothing is known of it.
    let filter = &state.list.shown.filter;
    match (&state.list.window, &state.list.trouble) {
        (Some(window), _) if !window.is_empty() => list::draw(frame, rows, area, state, window, now),
        (_, Some(trouble)) => draw_trouble(frame, area, trouble, state.profiles.len() > 1),
        // Nothing is loading while a sign-in is awaited.
        (None, None) if state.sign_in.is_some() => {}
        (None, None) => say(frame, area, "Loading keys…", &[]),
        (Some(_), None) if filter.is_empty() => {
            let rest =
                ["Press c to create your first key.", "Its secret is shown only once, right after you create it."];
            say(frame, area, &nothing_found(filter), &rest);
        }
        (Some(_), None) => {
            let next = if filter.text.is_empty() {
                "f shows the next status, Esc shows all."
            } else {
                "Esc clears the filter, / edits it."
            };
            say(frame, area, &nothing_found(filter), &[next]);
        }
    }
}

/// Says why what is typed is no filter yet.
fn draw_filter_error(frame: &mut Buffer, area: Rect, state: &State, error: &SearchError) {
    let typed = state.filter.as_ref().and_then(|typed| typed.text().get(error.at.clone())).unwrap_or_default();
    let title = format!("Can't filter by “{}”", Untrusted::new(typed).to_display(40));
    say(frame, area, &title, &[&sentence(&error.to_string()), "Esc clears the filter."]);
}

fn draw_trouble(frame: &mut Buffer, area: Rect, trouble: &LoadFailure, has_others: bool) {
    if trouble.error.needs_sign_in() {
        return say(frame, area, messages::NOT_SIGNED_IN, &[&header::next_try(trouble)]);
    }
    let mut rest = vec![trouble.error.to_string(), header::next_try(trouble)];
    if has_others && trouble.error.is_about_way() {
        rest.push("p switches to another profile.".to_owned());
    }
    say(frame, area, "Can't load the keys", &rest.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Says something in place of rows.
pub(super) fn say(frame: &mut Buffer, area: Rect, title: &str, rest: &[&str]) {
    let mut area = Rect { x: area.x + 3, width: area.width.saturating_sub(6).min(70), ..area };
    if area.height > 6 {
        next_row(&mut area);
        next_row(&mut area);
    }
    let mut area = paragraph(frame, area, title, theme::TITLE);
    next_row(&mut area);
    for text in rest {
        area = paragraph(frame, area, text, Style::new());
    }
}
