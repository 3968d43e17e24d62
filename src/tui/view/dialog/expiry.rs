//! The rows in which an expiry is chosen.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::domain::Dates;
use crate::operations::format::relative;
use crate::tui::state::ExpiryInput;
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{choices, field, line};

/// The width of the field for a time.
const FIELD: u16 = 20;

/// Draws the choices, the chosen one marked.
pub(super) fn draw_choices(frame: &mut Buffer, place: Rect, input: &ExpiryInput, is_focused: bool) {
    let all = input.choices();
    let texts: Vec<(String, String)> = all.iter().map(|choice| (choice.words(false), choice.words(true))).collect();
    let chosen = all.iter().position(|choice| *choice == input.chosen).unwrap_or(0);
    choices(frame, place, &texts, chosen, is_focused);
}

/// Draws what the choice comes to, and the field if a text is typed; gives the cursor's place.
pub(super) fn draw_value(
    frame: &mut Buffer,
    mut place: Rect,
    input: &ExpiryInput,
    (is_choosing, is_typing): (bool, bool),
    now: DateTime<Utc>,
) -> Option<Position> {
    let mut cursor = None;
    if input.takes_text() {
        let typed = Rect { width: FIELD.min(place.width), ..place };
        cursor = field(frame, typed, &input.typed, is_typing);
        place = Rect { x: typed.right() + 1, width: place.width.saturating_sub(FIELD + 1), ..place };
    }
    let limit = input.limit_hint();
    let mut words: Vec<Span> = Vec::new();
    match input.expires_at(now) {
        Ok(Some(Some(end))) => {
            let minute = when::minute(end, Dates::default());
            // What was typed needs not be said again.
            let is_typed = input.takes_text() && input.typed.text().trim() == minute;
            words.push(Span::styled(if is_typed { relative(end, now) } else { minute }, theme::QUIET));
        }
        Ok(_) => {}
        Err(_) if input.takes_text() && input.typed.text().is_empty() => {
            words.extend(input.examples().map(|words| Span::styled(words, theme::QUIET)));
        }
        Err(why) => {
            words.push(Span::styled(why, theme::ERROR));
            words.push(Span::styled("Not a valid time", theme::ERROR));
        }
    }
    let room = usize::from(place.width);
    let first = words.into_iter().find(|words| words.width() <= room);
    let taken = first.as_ref().map_or(0, Span::width);
    let hints = if is_choosing { input.presses() } else { [limit, String::new()] };
    let mut spans: Vec<Span> = first.into_iter().collect();
    let gap = if taken == 0 { "" } else { "   " };
    if let Some(hint) = hints.into_iter().find(|hint| taken + gap.len() + hint.chars().count() <= room) {
        spans.push(Span::styled(format!("{gap}{hint}"), theme::QUIET));
    }
    line(frame, place, Line::from(spans));
    cursor
}
