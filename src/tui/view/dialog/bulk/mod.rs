//! The dialog that changes many keys.

mod confirm;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::{draw_call, expiry};
use crate::domain::{KeyId, Untrusted, capitalized};
use crate::operations::format::grouped;
use crate::operations::keys::bulk;
use crate::operations::keys::bulk::BulkRun;
use crate::operations::messages::keys_read;
use crate::tui::state::{BulkDialog, BulkForm, BulkFormFocus, BulkProgress, BulkStage, ClockReading};
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{CANCEL, NARROW, buttons, field, line, next_row, paragraph, popup, rows};

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
        BulkStage::Confirm(confirm) => return confirm::draw(frame, area, confirm, now.utc + ahead),
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
