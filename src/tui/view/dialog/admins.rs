//! What is asked about administrators, sessions and the emergency brake.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::draw_call;
use crate::domain::{Role, Untrusted};
use crate::operations::account::administrators::{OWN_ROLE, may, removal};
use crate::operations::account::revoke;
use crate::operations::keys::delete::Confirmation;
use crate::tui::field::Field;
use crate::tui::state::{
    AdminFocus, AdminForm, AdminFormKind, AdminRemoval, AdminStep, CallState, EndQuestion, RevokeDialog,
};
use crate::tui::theme;
use crate::tui::view::widgets::{
    CANCEL, NARROW, buttons, field, field_buttons, keep_last_row, line, mark_here, next_row, paragraph, popup, rows,
};

/// Columns of the name of a field.
const NAME: u16 = 14;
/// Columns of a question.
const WIDTH: u16 = 72;

pub(crate) fn draw_step(frame: &mut Buffer, area: Rect, step: &AdminStep) -> Option<Position> {
    match step {
        AdminStep::Form(form) => draw_form(frame, area, form),
        AdminStep::Remove(removal) => draw_removal(frame, area, removal),
    }
}

fn draw_form(frame: &mut Buffer, area: Rect, form: &AdminForm) -> Option<Position> {
    let titled = |words: &str| titled(words, form.username.text(), area.width.min(64));
    let (title, words, submit, waiting) = match form.kind {
        AdminFormKind::Add => (
            "Add administrator".to_owned(),
            "Hand over the password in person. They can change it (P).",
            "Add",
            "Adding…",
        ),
        AdminFormKind::Role => {
            let words = if form.is_own { OWN_ROLE } else { "It applies at once, also to open sessions." };
            (titled("Role of"), words, "Save", "Saving…")
        }
        AdminFormKind::Password => {
            (titled("New password for"), "All sessions of this administrator end.", "Change", "Changing…")
        }
    };
    let has_role = form.stops().contains(&AdminFocus::Role);
    let fields = u16::try_from(form.stops().len()).unwrap_or(6) - 2 + u16::from(has_role);
    let mut inside = popup(frame, area, 64, fields + 9, &title);
    let kept = keep_last_row(&mut inside);
    // What came of it is worth more than what was said before.
    let needed = fields + u16::from(kept.is_none()) + outcome_rows(&form.call, inside.width);
    let is_roomy = inside.height >= needed + rows(words, inside.width);
    let mut rest = if is_roomy { paragraph(frame, inside, words, theme::QUIET) } else { inside };
    if rest.height > needed {
        next_row(&mut rest);
    }
    let typing = !form.call.is_sent();
    let mut cursor = None;
    for stop in form.stops() {
        let (title, typed) = match stop {
            AdminFocus::Username => ("User name", &form.username),
            AdminFocus::New => (if form.kind == AdminFormKind::Add { "Password" } else { "New password" }, &form.new),
            AdminFocus::Again => ("Repeat it", &form.again),
            AdminFocus::Role => {
                draw_roles(frame, next_row(&mut rest), form);
                if is_roomy {
                    draw_role(frame, next_row(&mut rest), form);
                }
                continue;
            }
            AdminFocus::Submit | AdminFocus::Cancel => continue,
        };
        let row = next_row(&mut rest);
        line(frame, row, Span::styled(title, theme::QUIET));
        let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
        cursor = cursor.or(field(frame, place, typed, typing && form.focus == *stop));
    }
    if kept.is_none() && rest.height > 1 + outcome_rows(&form.call, rest.width) {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let focused = match form.focus {
        AdminFocus::Submit => Some(0),
        AdminFocus::Cancel => Some(1),
        _ => None,
    };
    buttons(frame, row, &[submit, CANCEL], focused);
    draw_call(frame, rest, &form.call, waiting);
    cursor
}

fn draw_roles(frame: &mut Buffer, row: Rect, form: &AdminForm) {
    line(frame, row, Span::styled("Role", theme::QUIET));
    let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
    let has_focus = form.focus == AdminFocus::Role;
    let mut spans = Vec::new();
    // Where there is no room for all, the chosen one is there.
    let is_narrow = place.width < 46;
    let mut before = 0;
    for role in Role::ALL.into_iter().filter(|role| !is_narrow || *role == form.role) {
        let is_chosen = role == form.role;
        let mark = if is_chosen { theme::CHOSEN.0 } else { theme::CHOSEN.1 };
        if is_chosen {
            before = spans.iter().map(Span::width).sum();
        }
        let style = if is_chosen && has_focus { theme::FOCUS } else { Style::new() };
        spans.extend([Span::styled(format!("{mark} {}", role.as_str()), style), Span::raw("  ")]);
    }
    line(frame, place, Line::from(spans));
    if has_focus {
        mark_here(frame, Rect { x: place.x + u16::try_from(before).unwrap_or(0), ..place });
    }
}

/// Says what the chosen role may do.
fn draw_role(frame: &mut Buffer, row: Rect, form: &AdminForm) {
    let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
    let change = if form.focus == AdminFocus::Role { " (← → change)" } else { "" };
    let told = [format!("{}{change}", may(form.role)), may(form.role).to_owned()];
    if let Some(words) = told.into_iter().find(|words| words.width() <= usize::from(place.width)) {
        line(frame, place, Span::styled(words, theme::QUIET));
    }
}

fn draw_removal(frame: &mut Buffer, area: Rect, dialog: &AdminRemoval) -> Option<Position> {
    let words = [removal(&dialog.username, dialog.is_own)];
    let title = titled("Remove", &dialog.username, area.width.min(WIDTH));
    draw_typed(
        frame,
        area,
        &title,
        &words,
        (&dialog.confirmation, &dialog.typed),
        ("Remove", "Removing…"),
        &dialog.call,
    )
}

pub(crate) fn draw_revoke(frame: &mut Buffer, area: Rect, dialog: &RevokeDialog) -> Option<Position> {
    let what = dialog.what();
    let choices = revoke::CHOICES.iter().enumerate().map(|(at, choice)| {
        let mark = if at == dialog.choice { theme::CHOSEN.0 } else { theme::CHOSEN.1 };
        format!("{mark} {}", revoke::name(*choice))
    });
    let choices: Vec<_> = choices.collect();
    let told = revoke::consequences(what, dialog.sessions.as_deref());
    // On a small screen what happens is worth more than what else could, and than what it means.
    let is_low = area.height < 18;
    let mut words = if is_low { vec![choices[dialog.choice % choices.len()].clone()] } else { choices };
    words.extend((!is_low).then(String::new));
    words.extend(told.into_iter().map(
        |[happens, meaning]| {
            if area.height < 12 { happens } else { format!("{happens} {meaning}") }
        },
    ));
    words.extend((area.height >= 12).then(|| revoke::WHAT_STAYS.to_owned()));
    draw_typed(
        frame,
        area,
        "Emergency: revoke",
        &words,
        (&dialog.confirmation, &dialog.typed),
        ("Revoke", "Revoking…"),
        &dialog.call,
    )
}

/// Draws words, the question for what confirms, and the buttons.
fn draw_typed(
    frame: &mut Buffer,
    area: Rect,
    title: &str,
    words: &[String],
    (confirmation, typed): (&Confirmation, &Field),
    (verb, waiting): (&str, &str),
    call: &CallState,
) -> Option<Position> {
    let inner = inner_width(area);
    let told: u16 = words.iter().map(|words| rows(words, inner)).sum();
    let inside = popup(frame, area, WIDTH, told + 8, title);
    let mut rest = inside;
    let ask = if inside.width < NARROW { confirmation.short_question() } else { confirmation.question() };
    let ask = Untrusted::new(ask.trim_end()).to_display(usize::MAX) + " ";
    let length = u16::try_from(confirmation.phrase().width()).unwrap_or(u16::MAX).saturating_add(1);
    // A long name has a row of its own.
    let is_apart = ask.width() + usize::from(length) > usize::from(inside.width);
    // The question, the buttons and what came of it keep their rows.
    let failed = outcome_rows(call, inner);
    let kept = 2 + u16::from(is_apart) + failed;
    let room = inside.height.saturating_sub(kept);
    let mut said = Rect { height: room, ..inside };
    for words in words {
        said = paragraph(frame, said, words, Style::new());
    }
    rest.y = said.y;
    rest.height = inside.bottom().saturating_sub(rest.y);
    if rest.height > kept {
        next_row(&mut rest);
    }
    let row = next_row(&mut rest);
    let cursor = if is_apart {
        line(frame, row, ask);
        field(frame, next_row(&mut rest), typed, !call.is_sent())
    } else {
        let at = u16::try_from(ask.width()).unwrap_or(0);
        line(frame, Rect { width: at, ..row }, ask);
        let place = Rect { x: row.x + at, width: length, ..row };
        field(frame, place, typed, !call.is_sent())
    };
    field_buttons(frame, next_row(&mut rest), verb);
    draw_call(frame, rest, call, waiting);
    cursor
}

/// The rows that [`draw_call`] takes.
fn outcome_rows(call: &CallState, width: u16) -> u16 {
    match call {
        CallState::None => 0,
        CallState::Sent => 1,
        CallState::Failed(words) | CallState::Invalid(words) => rows(words, width),
    }
}

/// A title of a dialog so wide that ends in a name.
fn titled(words: &str, name: &str, width: u16) -> String {
    let room = usize::from(width).saturating_sub(words.len() + 6);
    format!("{words} {}", Untrusted::new(name).to_display(room))
}

/// The columns inside a dialog of these.
fn inner_width(area: Rect) -> u16 {
    let width = area.width.min(WIDTH);
    width.saturating_sub(if width >= NARROW { 4 } else { 2 })
}

pub(crate) fn draw_end(frame: &mut Buffer, area: Rect, dialog: &EndQuestion) {
    let inner = inner_width(area);
    let told = rows(&dialog.ends.question, inner) + rows(&dialog.ends.consequence, inner);
    let mut inside = popup(frame, area, WIDTH, told + 6, "End sessions");
    let kept = keep_last_row(&mut inside);
    let mut rest = paragraph(frame, inside, &dialog.ends.question, theme::TITLE);
    rest = paragraph(frame, rest, &dialog.ends.consequence, Style::new());
    if rest.height > 2 {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let verb = if dialog.ends.is_own { "Sign out" } else { "End" };
    buttons(frame, row, &[CANCEL, verb], Some(usize::from(dialog.yes)));
    draw_call(frame, rest, &dialog.call, "Ending…");
}
