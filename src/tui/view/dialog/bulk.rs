//! The dialog that changes many keys.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{draw_call, expiry};
use crate::domain::{KeyId, Untrusted, capitalized};
use crate::operations::format::grouped;
use crate::operations::keys::bulk;
use crate::operations::keys::bulk::{BulkAct, BulkRun, counted};
use crate::operations::messages::keys_read;
use crate::tui::state::{
    BulkConfirm, BulkDialog, BulkFocus, BulkForm, BulkFormFocus, BulkProgress, BulkStage, CallState, ClockReading,
};
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{
    CANCEL, NARROW, button_rows, buttons, choices, confirmation_field, field, in_border, line, mark_here, next_row,
    paragraph, popup, rows,
};

const WIDTH: u16 = 72;
/// Columns of the name of a field.
const NAME: u16 = 9;

pub(crate) fn draw(
    frame: &mut Buffer,
    area: Rect,
    dialog: &BulkDialog,
    ahead: TimeDelta,
    now: ClockReading,
) -> Option<Position> {
    match &dialog.stage {
        BulkStage::Form(form) => return draw_form(frame, area, form, ahead, now),
        BulkStage::Confirm(confirm) => return draw_confirm(frame, area, confirm, now.utc + ahead),
        BulkStage::Survey(reading) => {
            let mut inside = popup(frame, area, WIDTH, 5, "Reading the keys");
            line(frame, next_row(&mut inside), keys_read(reading.1.count, None));
        }
        BulkStage::NotRead(why) => {
            let height = 3 + rows(why, WIDTH.min(area.width).saturating_sub(4));
            let mut rest = popup(frame, area, WIDTH, height, "Can't read the keys");
            rest = paragraph(frame, rest, why, theme::ERROR);
            buttons(frame, next_row(&mut rest), &["Close"], Some(0));
        }
        BulkStage::Run(progress) => draw_progress(frame, area, progress, now),
    }
    None
}

fn draw_form(frame: &mut Buffer, area: Rect, form: &BulkForm, ahead: TimeDelta, now: ClockReading) -> Option<Position> {
    let inside = popup(frame, area, WIDTH, 10, "Change the marked keys");
    let mut rest = inside;
    let roomy = inside.height >= 8;
    line(frame, next_row(&mut rest), Span::styled("Expires", theme::QUIET));
    let place = Rect { x: inside.x + NAME, y: inside.y, width: inside.width.saturating_sub(NAME), height: 1 };
    let at_expiry = (form.focus == BulkFormFocus::Expiry, form.focus == BulkFormFocus::Value);
    expiry::draw_choices(frame, place, &form.expiry, at_expiry.0);
    let row = next_row(&mut rest);
    let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
    let value = expiry::draw_value(frame, place, &form.expiry, at_expiry, now.utc + ahead);
    let row = next_row(&mut rest);
    line(frame, row, Span::styled("Owner", theme::QUIET));
    let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
    let owner = field(frame, place, &form.owner, form.focus == BulkFormFocus::Owner);
    if roomy {
        let row = next_row(&mut rest);
        let hint = "Empty keeps each owner, - removes it.";
        line(
            frame,
            Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row },
            Span::styled(hint, theme::QUIET),
        );
        next_row(&mut rest);
    }
    let focused = match form.focus {
        BulkFormFocus::Submit => Some(0),
        BulkFormFocus::Cancel => Some(1),
        _ => None,
    };
    buttons(frame, next_row(&mut rest), &["Continue", CANCEL], focused);
    draw_call(frame, rest, &form.call, "");
    value.or(owner)
}

fn draw_confirm(frame: &mut Buffer, area: Rect, confirm: &BulkConfirm, now: DateTime<Utc>) -> Option<Position> {
    let survey = &confirm.survey;
    let (act, todo) = (&confirm.act_at(now), survey.todo(confirm.leave_out));
    let for_how_long = confirm.choices();
    let inner = WIDTH.min(area.width).saturating_sub(if area.width >= NARROW { 4 } else { 2 });
    let confirmation = confirm.confirmation().filter(|_| confirm.has_work());
    let call_rows = match &confirm.call {
        CallState::Failed(words) | CallState::Invalid(words) => rows(words, inner),
        CallState::None | CallState::Sent => 0,
    };
    let names: Vec<String> = confirm
        .buttons()
        .into_iter()
        .map(|button| match button {
            BulkFocus::Instead => "Deactivate instead".to_owned(),
            BulkFocus::Submit => format!("{} {}", act.verb(), grouped(todo)),
            _ => CANCEL.to_owned(),
        })
        .collect();
    let cells: usize = names.iter().map(|name| name.width() + 3).sum();
    let button_lines = 1 + u16::from(cells > usize::from(inner) + 1);
    let has_box = u16::from(survey.warned > 0);
    // The box, the question, the buttons and an error keep their rows.
    let kept =
        has_box + u16::from(!for_how_long.is_empty()) + u16::from(confirmation.is_some()) + button_lines + call_rows;
    let findings = bulk::findings(survey);
    let meaning = if confirm.has_work() { act.consequence(todo) } else { "There is nothing to do.".to_owned() };
    let told = u16::try_from(findings.len()).unwrap_or(u16::MAX) + rows(&meaning, inner);
    let title = format!("{} {}", act.verb(), counted(todo));
    // Blank rows: below the meaning, above the buttons if something is asked, below the findings.
    let asks = has_box > 0 || confirmation.is_some() || !for_how_long.is_empty();
    let gaps = 1 + u16::from(asks) + u16::from(!findings.is_empty());
    let inside = popup(frame, area, WIDTH, told + kept + gaps + 2, &title);
    let room = inside.height.saturating_sub(kept);
    let spare = room.saturating_sub(told);
    let mut rest = Rect { height: room, ..inside };
    for words in &findings {
        let style = if words.starts_with('!') { theme::WARNING } else { Style::new() };
        line(frame, next_row(&mut rest), Line::styled(words.clone(), style));
    }
    if spare >= gaps && !findings.is_empty() {
        next_row(&mut rest);
    }
    if rest.height >= rows(&meaning, inner) {
        rest = paragraph(frame, rest, &meaning, Style::new());
    } else if *act == BulkAct::Delete {
        in_border(frame, inside, "This can't be undone");
    }
    if spare > 0 && rest.height > 0 {
        next_row(&mut rest);
    }
    let mut rest = Rect { y: rest.y, height: inside.bottom().saturating_sub(rest.y), ..inside };
    if !for_how_long.is_empty() {
        let row = next_row(&mut rest);
        line(frame, row, "For");
        let place = Rect { x: row.x + 4, width: row.width.saturating_sub(4), ..row };
        let words: Vec<_> = for_how_long.iter().map(|choice| (choice.words(), choice.words())).collect();
        choices(frame, place, &words, confirm.choice, confirm.focus == BulkFocus::For);
    }
    if survey.warned > 0 {
        let mark = if confirm.leave_out { "[x]" } else { "[ ]" };
        let text = format!("{mark} Leave out the {} marked !", grouped(survey.warned));
        let row = next_row(&mut rest);
        let is_focused = confirm.focus == BulkFocus::LeaveOut;
        if is_focused {
            mark_here(frame, row);
        }
        line(frame, row, Span::styled(text, if is_focused { theme::FOCUS } else { Style::new() }));
    }
    let mut cursor = None;
    if let Some(confirmation) = &confirmation {
        let row = next_row(&mut rest);
        let ask = if row.width < NARROW { confirmation.short_question() } else { confirmation.question() };
        let length = u16::try_from(confirmation.phrase().width()).unwrap_or(4).saturating_add(1).min(row.width / 2);
        let at = u16::try_from(ask.width()).unwrap_or(0).min(row.width.saturating_sub(length));
        line(frame, Rect { width: at, ..row }, ask);
        let place = Rect { x: row.x + at, width: length.min(row.width - at), ..row };
        let is_typing = confirm.focus == BulkFocus::Typed;
        cursor = confirmation_field(frame, place, &confirm.typed, is_typing);
    }
    let at = |focus| confirm.buttons().into_iter().position(|button| button == focus);
    let focused = match confirm.focus {
        // What is typed decides what Enter does.
        BulkFocus::Typed if confirm.is_confirmed() => at(BulkFocus::Submit),
        BulkFocus::Typed => at(BulkFocus::Cancel),
        focus => at(focus),
    };
    if asks && spare > 1 {
        next_row(&mut rest);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rest = button_rows(frame, rest, &names, focused);
    draw_call(frame, rest, &confirm.call, "");
    cursor
}

fn draw_progress(frame: &mut Buffer, area: Rect, progress: &BulkProgress, now: ClockReading) {
    let run = &progress.run;
    let title = if progress.has_ended { capitalized(run.act.done()) } else { run.act.running().to_owned() };
    let message = message(progress, now);
    let inner = WIDTH.min(area.width).saturating_sub(if area.width >= NARROW { 4 } else { 2 });
    let named: u16 =
        progress.failures.iter().skip(progress.top).take(6).map(|one| rows(&failure_in_words(one), inner).min(2)).sum();
    let height = named.min(10).saturating_add(5 + rows(&message.0, inner).max(1));
    let inside = popup(frame, area, WIDTH, height, &title);
    let mut rest = inside;
    if !progress.has_ended {
        draw_bar(frame, next_row(&mut rest), run, now);
    }
    rest = paragraph(frame, rest, &progress.summary(), Style::new());
    let last = Rect { y: inside.bottom().saturating_sub(1), height: 1, ..inside };
    rest.height = rest.height.saturating_sub(1);
    if !message.0.is_empty() {
        rest = paragraph(frame, rest, &message.0, message.1);
    }
    draw_failures(frame, rest, progress);
    if progress.has_ended {
        buttons(frame, last, &["Close", "Save report"], Some(usize::from(progress.saves_report)));
    } else {
        line(frame, last, Span::styled("Esc stops after the current changes.", theme::QUIET));
    }
}

/// What there is to say besides: why it waits or has ended.
fn message(progress: &BulkProgress, now: ClockReading) -> (String, Style) {
    let run = &progress.run;
    if let Some(failure) = &run.broken_off {
        return (failure.sentences(), theme::ERROR);
    }
    match (&run.trouble, progress.retry_at) {
        _ if progress.has_ended => (String::new(), Style::new()),
        (Some((error, _)), Some(at)) => {
            let at = now.utc + TimeDelta::from_std(at.saturating_duration_since(now.at)).unwrap_or_default();
            (format!("{error} Retrying at {}. Completed changes are kept.", when::clock(at)), theme::WARNING)
        }
        _ if run.stopping => ("Stopping…".to_owned(), theme::WARNING),
        _ => (String::new(), Style::new()),
    }
}

fn draw_bar(frame: &mut Buffer, row: Rect, run: &BulkRun, now: ClockReading) {
    let words = bulk::progress(run, now.at);
    let said = u16::try_from(words.width()).unwrap_or(0).max(24).min(row.width / 2 + 6);
    let width = row.width.saturating_sub(said + 2);
    let share = run.total.filter(|total| *total > 0).map_or(0, |total| {
        let done = u128::from(run.tally.all().min(total)) * u128::from(width);
        usize::try_from(done / u128::from(total)).unwrap_or(0)
    });
    line(frame, Rect { width, ..row }, theme::BAR.repeat(share));
    line(frame, Rect { x: row.x + width + 2, width: row.width.saturating_sub(width + 2), ..row }, words);
}

/// The keys that were not changed, in up to two rows each.
fn draw_failures(frame: &mut Buffer, mut rest: Rect, progress: &BulkProgress) {
    let shown = progress.failures.iter().skip(progress.top);
    for (at, failure) in shown.enumerate() {
        let words = failure_in_words(failure);
        let left = progress.failures.len().saturating_sub(progress.top + at);
        let needed = rows(&words, rest.width).min(2);
        if rest.height == 0 || (left > 1 && rest.height <= needed) || rest.height < needed && at > 0 {
            let words = format!("{} {} more", theme::BELOW, grouped(left as u64));
            return line(frame, next_row(&mut rest), Span::styled(words, theme::QUIET));
        }
        let below = paragraph(frame, Rect { height: needed.min(rest.height), ..rest }, &words, theme::ERROR);
        let taken = below.y - rest.y;
        rest = Rect { y: below.y, height: rest.height - taken, ..rest };
    }
}

fn failure_in_words((id, label, why): &(KeyId, Untrusted, String)) -> String {
    let id = id.to_display(KeyId::MAX_CHARS);
    if label.is_empty() { format!("{id}: {why}") } else { format!("{id} {}: {why}", label.to_display(24)) }
}
