//! Dialogs in which texts and expiry of a key are typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::{draw_call, expiry};
use crate::domain::key::fields::KeyField;
use crate::domain::{Status, capitalized};
use crate::tui::field::Field;
use crate::tui::state::{CallState, ClockReading, CreateDialog, EditDialog, ExitState, Focus, KeyForm, State};
use crate::tui::theme;
use crate::tui::view::widgets;
use crate::tui::view::widgets::{CANCEL, buttons, field, in_border, line, next_row, paragraph, popup};

const NAME: u16 = 9;
/// The rows of a form besides its texts: expiry, its value and the buttons.
const FORM: u16 = 3;

pub(crate) fn draw_create(
    frame: &mut Buffer,
    area: Rect,
    dialog: &CreateDialog,
    state: &State,
    now: ClockReading,
) -> Option<Position> {
    let (title, in_short, words) = match &dialog.like {
        Some(key) => {
            let (id, status) = (key.id.to_display(40), key.status.as_str());
            let why = if key.status == Status::Expired { "has expired" } else { "is inactive" };
            (
                "Create a key like it",
                format!("{} keys can't be rotated", capitalized(status)),
                format!(
                    "{id} {why}, so it can't be rotated. This creates a key like it. Delete the old one later (d)."
                ),
            )
        }
        None => (
            "Create access key",
            "Its secret is shown only once".to_owned(),
            "The secret access key is shown only once, in the next step. Decide now where you will store it."
                .to_owned(),
        ),
    };
    let inside = popup(frame, area, 72, 11 + rows(&dialog.form), title);
    if !has_room_for_words(inside, &dialog.form) {
        in_border(frame, inside, &in_short);
    }
    let (cursor, rest) = draw_form(frame, inside, &dialog.form, "Create access key", &words, now);
    let waiting = if state.exit == ExitState::No { "Creating key…" } else { "Creating the key, then quitting…" };
    draw_call(frame, rest, &dialog.call, waiting);
    cursor.filter(|_| !dialog.call.is_sent())
}

pub(crate) fn draw_edit(frame: &mut Buffer, area: Rect, dialog: &EditDialog, now: ClockReading) -> Option<Position> {
    let inside = popup(frame, area, 72, 10 + rows(&dialog.form) + more_rows(&dialog.call), "Edit access key");
    let width = usize::from(NAME);
    let id = format!("{:<width$}{}", "ID", dialog.key.id.identity(usize::from(inside.width).saturating_sub(width)));
    // Where there is little room, what went wrong takes the rows of what is known.
    let least = FORM + rows(&dialog.form);
    let is_cramped = matches!(&dialog.call, CallState::Failed(words)
        if least + 3 + widgets::rows(words, inside.width) > inside.height);
    let place = if is_cramped { Rect { height: least.min(inside.height), ..inside } } else { inside };
    let (cursor, mut rest) = draw_form(frame, place, &dialog.form, "Save", &id, now);
    rest.height = inside.bottom().saturating_sub(rest.y);
    draw_call(frame, rest, &dialog.call, "Saving…");
    cursor.filter(|_| !dialog.call.is_sent())
}

/// Rows that a call's failure takes besides those that every dialog has for it.
pub(super) fn more_rows(call: &CallState) -> u16 {
    match call {
        CallState::Failed(words) => widgets::rows(words, 66).saturating_sub(2),
        _ => 0,
    }
}

/// Rows of the texts.
fn rows(form: &KeyForm) -> u16 {
    u16::try_from(form.texts.len()).unwrap_or(1)
}

fn has_room_for_words(inside: Rect, form: &KeyForm) -> bool {
    inside.height > 6 + rows(form)
}

/// Draws words, fields and buttons; gives the cursor's place and the rows below.
fn draw_form(
    frame: &mut Buffer,
    area: Rect,
    form: &KeyForm,
    submit: &str,
    words: &str,
    now: ClockReading,
) -> (Option<Position>, Rect) {
    let roomy = area.height > 7 + rows(form);
    let mut rest = if has_room_for_words(area, form) { paragraph(frame, area, words, Style::new()) } else { area };
    if roomy {
        next_row(&mut rest);
    }
    let mut cursor = None;
    for (n, (field, typed)) in form.texts.iter().enumerate() {
        cursor = draw_text(frame, next_row(&mut rest), NAME, field, typed, form.focus == Focus::Text(n)).or(cursor);
    }
    let row = next_row(&mut rest);
    line(frame, row, Span::styled("Expires", theme::QUIET));
    let at_expiry = (form.focus == Focus::Expiry, form.focus == Focus::Value);
    expiry::draw_choices(frame, beside_name(row), &form.expiry, at_expiry.0);
    let value = beside_name(next_row(&mut rest));
    let value = expiry::draw_value(frame, value, &form.expiry, at_expiry, now.utc + form.ahead);
    if roomy {
        next_row(&mut rest);
    }
    buttons(frame, next_row(&mut rest), &[submit, CANCEL], focused_button(form));
    (cursor.or(value), rest)
}

const fn focused_button(form: &KeyForm) -> Option<usize> {
    match form.focus {
        Focus::Submit => Some(0),
        Focus::Cancel => Some(1),
        _ => None,
    }
}

fn beside_name(row: Rect) -> Rect {
    Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row }
}

/// Draws a text behind its name, which has so many columns; gives the cursor's place.
pub(super) fn draw_text(
    frame: &mut Buffer,
    row: Rect,
    name: u16,
    about: &KeyField,
    typed: &Field,
    is_focused: bool,
) -> Option<Position> {
    line(frame, row, Span::styled(about.title, theme::QUIET));
    let (length, max) = (typed.text().chars().count(), about.text.map_or(0, |text| text.max_chars));
    // The limit is told when it comes near.
    let count = if length * 10 >= max * 8 { format!(" {length}/{max}") } else { String::new() };
    let width = row.width.saturating_sub(name + u16::try_from(count.len()).unwrap_or(0));
    let place = Rect { x: row.x + name, width, ..row };
    let cursor = field(frame, place, typed, is_focused);
    line(frame, Rect { x: place.right(), width: row.right() - place.right(), ..row }, count);
    cursor
}
