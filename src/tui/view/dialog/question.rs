//! Dialogs that ask before something is done.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::draw_call;
use super::form::more_rows;
use crate::domain::key::fields;
use crate::domain::{AccessKey, Dates, KeyId, Status, Untrusted, capitalized};
use crate::operations::format::relative;
use crate::operations::handover;
use crate::operations::handover::{HandoverEnd, Wrong};
use crate::operations::keys::activate::{Switch, SwitchChoice};
use crate::operations::keys::activity::usage::Impact;
use crate::operations::keys::bulk::Unusual;
use crate::operations::keys::create::already_exists;
use crate::operations::messages;
use crate::operations::messages::{creating, secret_kept};
use crate::tui::state::{
    CallState, ClockReading, DeleteDialog, DeleteFocus, HandOverButton, HandOverQuestion, PendingCreateButton,
    PendingCreateDialog, Question,
};
use crate::tui::theme;
use crate::tui::view::details;
use crate::tui::view::when;
use crate::tui::view::widgets::{
    CANCEL, NARROW, buttons, field, in_border, keep_last_row, line, next_row, paragraph, popup, rows,
};

pub(crate) fn draw_delete(
    frame: &mut Buffer,
    area: Rect,
    dialog: &DeleteDialog,
    now: ClockReading,
) -> Option<Position> {
    // A row for each field, and the question. Texts that are spelt out are longer, and a doubt takes a row.
    let doubt = if details::confusable(&dialog.key).is_some() { 4 } else { 0 };
    let stays = Unusual::protection(&dialog.key);
    let more = doubt + u16::from(stays.is_some()) + more_rows(&dialog.call);
    let height = u16::try_from(fields::rows().len()).unwrap_or(0) + 10 + more;
    let inside = popup(frame, area, 78, height, "Delete access key");
    let stays_rows = stays.as_deref().map_or(0, |words| rows(words, inside.width));
    let roomy = inside.height >= 13 + stays_rows;
    let mut rest = if roomy {
        // However long its texts are, the question and an answer of the server keep their rows.
        let room = Rect { height: inside.height - 6 - stays_rows, ..inside };
        let below = details::facts(frame, room, &dialog.key, None, Dates::default(), now);
        let mut rest = Rect { y: below.y, height: inside.bottom() - below.y, ..inside };
        next_row(&mut rest);
        rest = tell_protection(frame, rest, stays.as_deref());
        tell_impact(frame, rest, &dialog.key, dialog.impact.as_ref(), now)
    } else {
        // The question and the buttons keep their rows.
        let room = Rect { height: inside.height.saturating_sub(2), ..inside };
        let below = if let CallState::Failed(words) | CallState::Invalid(words) = &dialog.call {
            let rest = paragraph(frame, room, &dialog.key.id.identity(usize::from(inside.width)), Style::new());
            paragraph(frame, rest, words, theme::ERROR)
        } else {
            let mut rest = short_facts(frame, room, &dialog.key, now);
            rest = tell_protection(frame, rest, stays.as_deref());
            rest = tell_impact(frame, rest, &dialog.key, dialog.impact.as_ref(), now);
            if rest.height > 2 { short_owner(frame, rest, &dialog.key) } else { rest }
        };
        Rect { y: below.y, height: inside.bottom() - below.y, ..inside }
    };
    if rest.height > 3 {
        rest = paragraph(frame, rest, &messages::delete_warning(&dialog.key), Style::new());
    } else {
        in_border(frame, inside, "This can't be undone");
    }
    let row = next_row(&mut rest);
    let confirmation = &dialog.confirmation;
    let ask = if row.width < NARROW { confirmation.short_question() } else { confirmation.question() };
    let length = u16::try_from(confirmation.phrase().width()).unwrap_or(4).saturating_add(1).min(row.width / 2);
    let at = u16::try_from(ask.len()).unwrap_or(0).min(row.width.saturating_sub(length));
    line(frame, Rect { width: at, ..row }, ask);
    let place = Rect { x: row.x + at, width: length.min(row.width - at), ..row };
    let is_typing = dialog.focus == DeleteFocus::Typed && !dialog.call.is_sent();
    let cursor = field(frame, place, &dialog.typed, is_typing);
    if rest.height > 3 {
        next_row(&mut rest);
    }
    let names = dialog.buttons().iter().map(|button| match button {
        DeleteFocus::Instead => "Deactivate instead",
        DeleteFocus::Submit => "Delete",
        DeleteFocus::Typed | DeleteFocus::Cancel => CANCEL,
    });
    let focused = dialog.buttons().iter().position(|button| *button == dialog.focus);
    buttons(frame, next_row(&mut rest), &names.collect::<Vec<_>>(), focused);
    if roomy || dialog.call.is_sent() {
        draw_call(frame, rest, &dialog.call, "Deleting…");
    }
    cursor
}

/// Says that the key must stay, if its label or note does.
fn tell_protection(frame: &mut Buffer, area: Rect, words: Option<&str>) -> Rect {
    words.map_or(area, |words| paragraph(frame, area, words, theme::WARNING))
}

/// Whose the key is, and the note on it, in a row if there is one.
fn short_owner(frame: &mut Buffer, mut area: Rect, key: &AccessKey) -> Rect {
    let text = |text: &Option<Untrusted>, cells: usize| {
        text.as_ref().filter(|text| !text.is_empty()).map(|text| text.identity(cells))
    };
    let owner = text(&key.owner, 24).map(|owner| format!("Owner {owner}"));
    let note = text(&key.note, usize::from(area.width)).map(|note| format!("Note: {note}"));
    let words = owner.into_iter().chain(note).collect::<Vec<_>>().join("  ");
    if !words.is_empty() {
        line(frame, next_row(&mut area), words);
    }
    area
}

pub(crate) fn draw_switch(
    frame: &mut Buffer,
    area: Rect,
    dialog: &Question,
    switch: Switch,
    now: ClockReading,
) -> Option<Position> {
    let choices = dialog.choices(switch);
    let again = dialog.key.reactivates_at.filter(|_| dialog.key.status == Status::Inactive);
    let moment = |at| format!("{} ({})", when::minute(at, Dates::default()), relative(at, now.utc));
    let (title, verb, words) = match (switch, again) {
        (Switch::Deactivate(Some(until)), Some(_)) => {
            ("Change deactivation", "Save", format!("The key will be active again at {}.", moment(until)))
        }
        (Switch::Deactivate(None), Some(_)) => {
            ("Change deactivation", "Save", "The key will stay deactivated, without a limit.".to_owned())
        }
        (Switch::Deactivate(_), None) => ("Deactivate access key", "Deactivate", switch.consequence().to_owned()),
        (Switch::Activate, _) => ("Activate access key", "Activate", switch.consequence().to_owned()),
    };
    let words = words.as_str();
    let stays = Unusual::protection(&dialog.key).filter(|_| switch != Switch::Activate);
    let height = 11
        + u16::from(stays.is_some())
        + if choices.is_empty() { 0 } else { 2 }
        + u16::from(again.is_some())
        + more_rows(&dialog.call);
    let mut inside = popup(frame, area, 72, height, title);
    if let CallState::Failed(why) = &dialog.call {
        inside.height = inside.height.saturating_sub(1);
        let row = Rect { y: inside.bottom(), height: 1, ..inside };
        let has_room = rows(why, inside.width) + 3 <= inside.height;
        let mut rest = if has_room {
            short_facts(frame, inside, &dialog.key, now)
        } else {
            paragraph(frame, inside, &dialog.key.id.identity(usize::from(inside.width)), Style::new())
        };
        if rows(why, rest.width) + 2 <= rest.height {
            next_row(&mut rest);
        }
        let below = paragraph(frame, rest, why, theme::ERROR);
        if below.height > 1 {
            draw_choices(frame, Rect { y: row.y.saturating_sub(2), ..row }, choices, dialog.choice);
        }
        buttons(frame, row, &[CANCEL, verb], Some(usize::from(dialog.yes)));
        return None;
    }
    let kept = keep_last_row(&mut inside);
    let choice_row = if choices.is_empty() { None } else { keep_last_row(&mut inside) };
    let mut rest = short_facts(frame, inside, &dialog.key, now);
    if let Some(at) = again {
        line(frame, next_row(&mut rest), format!("Deactivated until {}", moment(at)));
    }
    if switch != Switch::Activate {
        rest = tell_protection(frame, rest, stays.as_deref());
        rest = tell_impact(frame, rest, &dialog.key, dialog.impact.as_ref(), now);
    }
    // That it stops at once was said above, where there are few rows.
    let (_, second) = words.split_once(". ").filter(|_| rows(words, rest.width) > rest.height).unwrap_or(("", words));
    rest = paragraph(frame, rest, second, Style::new());
    if rest.height > 2 {
        next_row(&mut rest);
    }
    if !choices.is_empty() {
        let row = choice_row.unwrap_or_else(|| next_row(&mut rest));
        draw_choices(frame, row, choices, dialog.choice);
        if rest.height > 2 {
            next_row(&mut rest);
        }
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    buttons(frame, row, &[CANCEL, verb], Some(usize::from(dialog.yes)));
    let waiting = match verb {
        "Save" => "Saving…",
        "Activate" => "Activating…",
        _ => "Deactivating…",
    };
    draw_call(frame, rest, &dialog.call, waiting);
    None
}

/// Draws for how long a key can be deactivated, each with its press.
fn draw_choices(frame: &mut Buffer, row: Rect, all: &[SwitchChoice], chosen: usize) {
    let press = |at: usize| if at == chosen { theme::CHOSEN.0.to_owned() } else { format!("({})", at + 1) };
    let text = |(at, choice): (usize, &SwitchChoice)| format!("{} {}", press(at), choice.words());
    let texts: Vec<String> = all.iter().enumerate().map(text).collect();
    let wide = texts.join("  ");
    let is_wide = wide.width() <= usize::from(row.width);
    line(
        frame,
        row,
        if is_wide { wide } else { texts.join(" ").replace(" min", "m").replace(" hour", "h").replace(" day", "d") },
    );
}

pub(crate) fn draw_lost(frame: &mut Buffer, area: Rect, dialog: &Question) -> Option<Position> {
    let mut inside = popup(frame, area, 72, 9, "The key already exists");
    let kept = keep_last_row(&mut inside);
    let mut rest = paragraph(frame, inside, &already_exists(&dialog.key).sentences(), Style::new());
    next_row(&mut rest);
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let way = if dialog.key.rotation.is_some() { "See the rotation" } else { "Delete" };
    buttons(frame, row, &["Keep", way], Some(usize::from(dialog.yes)));
    None
}

pub(crate) fn draw_left_over(frame: &mut Buffer, area: Rect, dialog: &PendingCreateDialog) -> Option<Position> {
    let mut inside = popup(frame, area, 72, 12, "Unfinished key creation");
    let kept = keep_last_row(&mut inside);
    let doing = creating(&dialog.left.new);
    let words = match (&dialog.call, dialog.left.secret_until) {
        (CallState::Failed(_), _) if kept.is_some() => format!("{} has not finished.", capitalized(&doing)),
        (_, Some(until)) => {
            let is_kept = secret_kept(until);
            format!("latchkey stopped while {doing}. {is_kept} Finish gets it, or creates the key now.")
        }
        _ if kept.is_some() => format!(
            "latchkey stopped while {doing}. Finish asks the server: if the key exists, its secret is lost and you \
             can delete it; if not, it is created now."
        ),
        _ => format!(
            "latchkey stopped at {} while {doing}. Finish asks the server: if the key exists, its secret is lost \
             and you can delete the key; if not, it is created now and you see the secret.",
            when::absolute(dialog.left.at),
        ),
    };
    let mut rest = paragraph(frame, inside, &words, Style::new());
    if kept.is_none() {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let focused = dialog.buttons().iter().position(|button| *button == dialog.focus);
    let names = dialog.buttons().iter().map(|button| match button {
        PendingCreateButton::Later => "Later",
        PendingCreateButton::Finish => "Finish",
        PendingCreateButton::Forget => "Forget it",
    });
    buttons(frame, row, &names.collect::<Vec<_>>(), focused);
    draw_call(frame, rest, &dialog.call, "Asking the server…");
    None
}

pub(crate) fn draw_hand_over(
    frame: &mut Buffer,
    area: Rect,
    dialog: &HandOverQuestion,
    dates: Dates,
    now: ClockReading,
) {
    let HandOverQuestion { handover, how, more, focus, call } = dialog;
    let time = |at| format!("{} ({})", when::minute(at, dates), relative(at, now.utc));
    let (title, words, next, verb) = match how {
        HandoverEnd::TakeBack => (
            "Take a secret back",
            handover::waits(handover, time),
            "Once it is taken back, the code no longer works. The key stays as it is.",
            "Take back",
        ),
        HandoverEnd::Acknowledge(_) => (
            match Wrong::of(handover) {
                Some((Wrong::OpenedAgain, _)) => "Others may know the code",
                Some((Wrong::TriedTooOften, _)) => "Someone may be guessing codes",
                _ => "Secret never received",
            },
            handover::alarm(handover, "this key", time).unwrap_or_default(),
            "Acknowledge this once you have dealt with it. It stays in the key's history.",
            "Acknowledge",
        ),
    };
    let mut inside = popup(frame, area, 72, 13 + more_rows(call), title);
    let kept = keep_last_row(&mut inside);
    let mut rest = inside;
    let width = usize::from(inside.width);
    line(frame, next_row(&mut rest), handover.key_id.to_display(KeyId::MAX_CHARS.min(width)));
    if !handover.label.is_empty() {
        line(frame, next_row(&mut rest), handover::name_in(handover, width.saturating_sub(2)));
    }
    rest = paragraph(frame, rest, &words, theme::WARNING);
    if rest.height > 6 {
        next_row(&mut rest);
    }
    rest = paragraph(frame, rest, &format!("{next}{}", more_alarms(*more)), Style::new());
    if rest.height > 2 {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let names: Vec<&str> = dialog.buttons().iter().map(|button| name(*button, verb)).collect();
    buttons(frame, row, &names, dialog.buttons().iter().position(|button| button == focus));
    draw_call(frame, rest, call, "Asking the server…");
}

fn more_alarms(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " 1 more alarm.".to_owned(),
        count => format!(" {count} more alarms."),
    }
}

/// The words on a button; those that settle it depend on what is asked.
const fn name(button: HandOverButton, settle: &'static str) -> &'static str {
    match button {
        HandOverButton::Cancel => CANCEL,
        HandOverButton::Settle => settle,
        HandOverButton::Show => "Show in list",
        HandOverButton::Rotate => "Rotate…",
    }
}

/// ID, label and last use in three rows.
fn short_facts(frame: &mut Buffer, mut area: Rect, key: &AccessKey, now: ClockReading) -> Rect {
    let width = usize::from(area.width);
    line(frame, next_row(&mut area), key.id.identity(width));
    if !key.label.is_empty() {
        line(frame, next_row(&mut area), key.label.identity(width));
    }
    let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", relative(at, now.utc)));
    line(frame, next_row(&mut area), format!("Created {}, {used}", when::date(key.created_at)));
    area
}

/// What would stop working. Until the server has said it, a key that was used within a day is most likely in use; any
/// other leaves a row free, so that nothing moves.
fn tell_impact(
    frame: &mut Buffer,
    mut area: Rect,
    key: &AccessKey,
    impact: Option<&Impact>,
    now: ClockReading,
) -> Rect {
    match (impact, key.last_used_at) {
        (Some(Impact { words, is_in_use: true }), _) if key.status == Status::Active => {
            paragraph(frame, area, &format!("! {words}"), theme::WARNING)
        }
        (Some(Impact { words, .. }), _) => paragraph(frame, area, words, Style::new()),
        (None, Some(at)) if key.status == Status::Active && now.utc - at < TimeDelta::days(1) => {
            let used = relative(at, now.utc);
            let words = format!("! Last used {used}. Anything using this key will stop working.");
            paragraph(frame, area, &words, theme::WARNING)
        }
        (None, _) => {
            if area.height > 5 {
                next_row(&mut area);
            }
            area
        }
    }
}
