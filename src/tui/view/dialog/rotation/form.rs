//! The form that replaces a key.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::{NAMES, used};
use crate::domain::{AccessKey, Dates};
use crate::operations::format::relative;
use crate::operations::keys::rotate;
use crate::tui::state::{
    CallState, ClockReading, ExitState, ExpiryChoice, Focus, RotateDialog, RotateFocus, State, TargetKind,
};
use crate::tui::theme;
use crate::tui::view::dialog::form::{draw_text, more_rows};
use crate::tui::view::dialog::{draw_call, expiry};
use crate::tui::view::when;
use crate::tui::view::widgets::{NARROW, buttons, choices, field, line, next_row, paragraph, popup};

/// A row of the form.
#[derive(Clone, Copy)]
enum FormRow {
    Overlap,
    Until,
    To,
    Place,
    Text(usize),
    Expires,
    Value,
    Blank,
}

pub(crate) fn draw_rotate(
    frame: &mut Buffer,
    area: Rect,
    dialog: &RotateDialog,
    state: &State,
    now: ClockReading,
) -> Option<Position> {
    let form = &dialog.form;
    let label = dialog.key.label.to_display(usize::from(area.width.min(78)).saturating_sub(18));
    let title = if label.is_empty() { "Rotate key".to_owned() } else { format!("Rotate key: {label}") };
    // The ID and how it was used, a blank, the rows, a blank, the buttons, a blank, and two rows for what is said.
    let texts = u16::try_from(form.texts.len()).unwrap_or(1);
    let height = 2 + 2 + 5 + texts + 2 + 2 + 3 + more_rows(&dialog.call);
    let inside = popup(frame, area, 78, height, &title);
    let is_roomy = inside.height >= 10 + texts;
    let mut rest = inside;
    let last = Rect { y: inside.bottom().saturating_sub(1), height: 1, ..inside };
    let focused = match dialog.focus {
        RotateFocus::New(Focus::Submit) => Some(0),
        RotateFocus::New(Focus::Cancel) => Some(1),
        _ => None,
    };
    // Where there isn't room for both, what went wrong is told in place of the form, which the next press brings back.
    if let CallState::Failed(words) | CallState::Invalid(words) = &dialog.call
        && !is_roomy
    {
        rest.height = rest.height.saturating_sub(1);
        paragraph(frame, rest, words, theme::ERROR);
        buttons(frame, last, &["Rotate", "Cancel"], focused);
        return None;
    }
    if is_roomy {
        line(frame, next_row(&mut rest), Line::from(old_key(&dialog.key, now)));
        next_row(&mut rest);
    }
    let mut shown = vec![FormRow::Overlap, FormRow::Until, FormRow::To];
    if dialog.to.takes_text() || is_roomy {
        shown.push(FormRow::Place);
    }
    if is_roomy && inside.height > 11 + texts {
        shown.push(FormRow::Blank);
    }
    shown.extend((0..form.texts.len()).map(FormRow::Text));
    shown.push(FormRow::Expires);
    shown.push(FormRow::Value);
    // On a small screen the rows around the focus.
    if !is_roomy && usize::from(rest.height.saturating_sub(1)) > shown.len() {
        let row = next_row(&mut rest);
        let width = usize::from(row.width);
        let short = AccessKey { last_used_from: None, ..dialog.key.clone() };
        let id = dialog.key.id.to_display(32);
        let forms = [&dialog.key, &short].map(|key| format!("{id}, {}", used(key, now)));
        let words = forms.into_iter().find(|words| words.width() <= width);
        let words = words.unwrap_or_else(|| dialog.key.id.shortened(width));
        line(frame, row, Line::styled(words, theme::QUIET));
    }
    let room = usize::from(rest.height.saturating_sub(1));
    let at = shown.iter().position(|row| has_focus(*row, dialog.focus)).unwrap_or(shown.len() - 1);
    let top = if shown.len() > room { (at + 2).saturating_sub(room).min(shown.len() - room) } else { 0 };
    let mut cursor = None;
    for row in shown.into_iter().skip(top).take(room) {
        cursor = draw_row(frame, next_row(&mut rest), row, dialog, now).or(cursor);
    }
    if is_roomy {
        next_row(&mut rest);
    }
    let row = if is_roomy { next_row(&mut rest) } else { last };
    if dialog.call.is_sent() && !is_roomy {
        line(frame, row, Line::styled(waiting(dialog, state), theme::WARNING));
        return None;
    }
    buttons(frame, row, &["Rotate", "Cancel"], focused);
    if is_roomy {
        if let (CallState::None, Ok(new)) = (&dialog.call, dialog.read(now.utc)) {
            for words in rotate::warnings(&dialog.key, &new, now.utc + dialog.form.ahead) {
                rest = paragraph(frame, rest, &words, theme::WARNING);
            }
        }
        draw_call(frame, rest, &dialog.call, waiting(dialog, state));
    }
    cursor.filter(|_| !dialog.call.is_sent())
}

fn waiting(dialog: &RotateDialog, state: &State) -> &'static str {
    match (dialog.ready.is_some(), state.exit) {
        (true, _) => "Trying where the secret is to go…",
        (false, ExitState::No) => "Creating the new key…",
        (false, _) => "Creating the new key, then quitting…",
    }
}

/// Which key it is, and how it was used.
fn old_key(key: &AccessKey, now: ClockReading) -> Vec<Span<'static>> {
    vec![
        Span::styled(format!("{:<width$}", "Old key", width = usize::from(NAMES.0)), theme::QUIET),
        Span::raw(format!("{}, {}", key.id.identity(32), used(key, now))),
    ]
}

const fn has_focus(row: FormRow, focus: RotateFocus) -> bool {
    match (row, focus) {
        (FormRow::Overlap, RotateFocus::Overlap)
        | (FormRow::Until, RotateFocus::Until)
        | (FormRow::To, RotateFocus::To)
        | (FormRow::Place, RotateFocus::Place)
        | (FormRow::Expires, RotateFocus::New(Focus::Expiry))
        | (FormRow::Value, RotateFocus::New(Focus::Value)) => true,
        (FormRow::Text(n), RotateFocus::New(Focus::Text(at))) => n == at,
        _ => false,
    }
}

fn draw_row(
    frame: &mut Buffer,
    row: Rect,
    what: FormRow,
    dialog: &RotateDialog,
    now: ClockReading,
) -> Option<Position> {
    let is_here = has_focus(what, dialog.focus);
    let is_narrow = row.width < NARROW - 4;
    let columns = if is_narrow { NAMES.1 } else { NAMES.0 };
    let beside = Rect { x: row.x + columns, width: row.width.saturating_sub(columns), ..row };
    let name = |frame: &mut Buffer, long: &'static str, short: &'static str| {
        line(frame, row, Span::styled(if is_narrow { short } else { long }, theme::QUIET));
    };
    let server_now = now.utc + dialog.form.ahead;
    match what {
        FormRow::Overlap => {
            name(frame, "Old key works", "Old key");
            expiry::draw_choices(frame, beside, &dialog.overlap, is_here);
            None
        }
        FormRow::Until => {
            let at = (dialog.focus == RotateFocus::Overlap, is_here);
            if dialog.overlap.chosen == ExpiryChoice::Now {
                let last = dialog.key.last_used_at.filter(|last| now.utc - *last < TimeDelta::hours(24));
                let (words, style) = match last.filter(|_| is_narrow) {
                    // There is no row for the warning.
                    Some(last) => (format!("! In use: used {}", relative(last, now.utc)), theme::WARNING),
                    None if is_narrow => ("Ends once the new key is made".to_owned(), theme::QUIET),
                    None => ("It stops working as soon as the new key is made.".to_owned(), theme::QUIET),
                };
                line(frame, beside, Line::styled(words, style));
                return None;
            }
            expiry::draw_value(frame, beside, &dialog.overlap, at, server_now)
        }
        FormRow::To => {
            name(frame, "New secret to", "Secret");
            let words = TargetKind::ALL.map(|kind| (kind.words(), kind.words()));
            choices(frame, beside, &words, dialog.to.kind as usize, is_here);
            None
        }
        FormRow::Place => match dialog.to.kind {
            TargetKind::File => field(frame, beside, &dialog.to.file, is_here),
            TargetKind::Command => field(frame, beside, &dialog.to.command, is_here),
            TargetKind::Dialog => {
                line(frame, beside, Line::styled("You show, copy or save it in the next step.", theme::QUIET));
                None
            }
            TargetKind::Clipboard => {
                line(frame, beside, Line::styled("Copied as soon as the new key is made.", theme::QUIET));
                None
            }
        },
        FormRow::Text(n) => {
            let (about, typed) = dialog.form.texts.get(n)?;
            draw_text(frame, row, columns, about, typed, is_here)
        }
        FormRow::Expires => {
            name(frame, "Expires", "Expires");
            expiry::draw_choices(frame, beside, &dialog.form.expiry, is_here);
            None
        }
        FormRow::Value if dialog.form.expiry.chosen == ExpiryChoice::Same => {
            let end = dialog.key.expires_at.map(|end| when::minute(end, Dates::default()));
            let words = end.unwrap_or_else(|| "never".to_owned());
            line(frame, beside, Line::styled(format!("as the old key: {words}"), theme::QUIET));
            None
        }
        FormRow::Value => {
            let at = (dialog.focus == RotateFocus::New(Focus::Expiry), is_here);
            expiry::draw_value(frame, beside, &dialog.form.expiry, at, server_now)
        }
        FormRow::Blank => None,
    }
}
