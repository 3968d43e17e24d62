//! The dialog of two keys of which one replaces the other.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{NAMES, used};
use crate::domain::{AccessKey, Dates, Status, USAGE_DAYS};
use crate::operations::format::{grouped, relative};
use crate::operations::keys::activity::usage;
use crate::operations::keys::rotate::{RotationEnd, UNDO_NOW, UNDOES};
use crate::tui::state::{CallState, ClockReading, PairSide, RotationButton, RotationDialog};
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{NARROW, buttons, line, next_row, paragraph, popup, rows};

/// Rows and columns of a small dialog of a pair.
const SMALL: u16 = 10;

pub(crate) fn draw_rotation(
    frame: &mut Buffer,
    area: Rect,
    dialog: &RotationDialog,
    dates: Dates,
    now: ClockReading,
) -> Option<Position> {
    let key = dialog.old.key.as_ref().or(dialog.new.key.as_ref());
    let label = key.map(|key| key.label.to_display(usize::from(area.width.min(78)).saturating_sub(16)));
    let title = match label.filter(|label| !label.is_empty()) {
        Some(label) => format!("Rotation: {label}"),
        None => "Rotation".to_owned(),
    };
    let said = said(dialog, now);
    let width = area.width.min(78).saturating_sub(if area.width < NARROW { 2 } else { 4 });
    let said_rows: u16 = said.iter().map(|(words, _)| rows(words, width)).sum();
    let inside = popup(frame, area, 78, 2 + 4 + 1 + 2 + 1 + said_rows.max(2) + 2, &title);
    let is_roomy = inside.height > SMALL + said_rows.saturating_sub(2);
    let is_small = inside.height < SMALL - 1;
    let mut rest = Rect { height: inside.height.saturating_sub(1), ..inside };
    let last = Rect { y: rest.bottom(), height: 1, ..inside };
    if dialog.asking.is_some() && !is_roomy || matches!(dialog.call, CallState::Failed(_)) && is_small {
        // What is asked or went wrong counts more than what is known.
    } else {
        draw_side(frame, &mut rest, "Old key", &dialog.old, true, dates, now);
        if !is_small {
            draw_strip(frame, &mut rest, dialog);
        }
        if is_roomy {
            next_row(&mut rest);
        }
        draw_side(frame, &mut rest, "New key", &dialog.new, false, dates, now);
        // What is advised counts more than how the new key was used.
        if said_rows > rest.height {
            rest = Rect { y: rest.y - 1, height: rest.height + 1, ..rest };
            line(frame, Rect { height: 1, ..rest }, " ".repeat(rest.width.into()));
        }
        if is_roomy {
            next_row(&mut rest);
        }
    }
    for (words, style) in said {
        rest = paragraph(frame, rest, &words, style);
    }
    if let Some(end) = dialog.asking {
        let verb = if end == RotationEnd::Finish { "Finish anyway" } else { "Undo the rotation" };
        buttons(frame, last, &["Go back", verb], Some(usize::from(dialog.focus != RotationButton::Close)));
        return None;
    }
    let all = dialog.buttons();
    let names: Vec<&str> = all.iter().map(|button| name(*button, dialog, inside.width < NARROW - 4)).collect();
    buttons(frame, last, &names, all.iter().position(|button| *button == dialog.focus));
    None
}

const fn name(button: RotationButton, dialog: &RotationDialog, is_narrow: bool) -> &'static str {
    match button {
        RotationButton::Close => "Close",
        RotationButton::Finish => "Finish",
        RotationButton::Undo => "Undo",
        RotationButton::Other => match (dialog.is_of_old, is_narrow) {
            (true, true) => "New key",
            (false, true) => "Old key",
            (true, false) => "Go to new key",
            (false, false) => "Go to old key",
        },
    }
}

/// What there is to say, the most important first.
fn said(dialog: &RotationDialog, now: ClockReading) -> Vec<(String, Style)> {
    let mut said = Vec::new();
    match &dialog.call {
        CallState::Sent => return vec![("Ending the rotation…".to_owned(), theme::WARNING)],
        CallState::Failed(words) | CallState::Invalid(words) => said.push((words.clone(), theme::ERROR)),
        CallState::None => {}
    }
    if !dialog.is_under_way() {
        said.push((over(dialog, now), theme::WARNING));
        return said;
    }
    if dialog.asking == Some(RotationEnd::Undo) {
        return vec![(format!("! {UNDOES} {UNDO_NOW}"), theme::WARNING)];
    }
    if let Some(advice) = dialog.advice(now) {
        if dialog.asking.is_some() {
            let is_off = dialog.old.key.as_ref().is_some_and(|key| key.status == Status::Inactive);
            let then = if is_off { "The old key can't be activated again." } else { STOPS };
            return vec![(format!("! {} Finish anyway? {then}", advice.words), theme::WARNING)];
        }
        said.push(if advice.is_safe == Some(true) {
            (advice.words, theme::GOOD)
        } else {
            (format!("! {}", advice.words), theme::WARNING)
        });
    }
    if dialog.is_new_used() {
        said.push(("It can't be undone any more: the new key was used.".to_owned(), theme::QUIET));
    }
    said
}

const STOPS: &str = "Whatever uses the old key stops working now.";

/// Why no rotation is under way any more.
fn over(dialog: &RotationDialog, now: ClockReading) -> String {
    let id = |side: &PairSide| side.id.to_display(40);
    let end = dialog.old.key.as_ref().and_then(|key| key.expires_at).filter(|end| *end <= now.utc);
    match end {
        _ if dialog.new.is_gone => format!("This rotation was undone: {} was deleted.", id(&dialog.new)),
        _ if dialog.old.is_gone => format!("This rotation is over: {} was deleted.", id(&dialog.old)),
        Some(end) => format!("This rotation is over: the old key ended {}.", relative(end, now.utc)),
        None => "This rotation is over.".to_owned(),
    }
}

/// Draws a key of the pair in two rows: which it is with its status, and how it was used; of the old one, until when it
/// works.
fn draw_side(
    frame: &mut Buffer,
    rest: &mut Rect,
    name: &'static str,
    side: &PairSide,
    is_old: bool,
    dates: Dates,
    now: ClockReading,
) {
    let is_narrow = rest.width < NARROW - 4;
    let columns = usize::from(if is_narrow { NAMES.1 } else { NAMES.0 });
    let room = usize::from(rest.width).saturating_sub(columns);
    let mut spans = vec![Span::styled(format!("{name:<columns$}"), theme::QUIET)];
    let (status, style) = match &side.key {
        _ if side.is_gone => ("deleted", theme::QUIET),
        Some(key) => theme::status_of(key),
        None => ("", Style::new()),
    };
    spans.push(Span::raw(side.id.shortened(room.saturating_sub(status.width() + 2).max(11))));
    spans.push(Span::raw("  "));
    spans.push(Span::styled(status, style));
    line(frame, next_row(rest), Line::from(spans));
    let row = next_row(rest);
    let Some(key) = side.key.as_ref().filter(|_| !side.is_gone) else { return };
    let beside =
        Rect { x: row.x + u16::try_from(columns).unwrap_or(0), width: u16::try_from(room).unwrap_or(0), ..row };
    // One that is deactivated doesn't work until then.
    let ends = key.expires_at.filter(|end| is_old && *end > now.utc && key.status == Status::Active);
    let words = match ends {
        Some(end) => {
            let (left, short) = (relative(end, now.utc), AccessKey { last_used_from: None, ..key.clone() });
            let forms = [
                format!("{}; works until {} ({left})", used(key, now), when::minute(end, dates)),
                format!("{}; ends {left}", used(key, now)),
                // Where there is little room, how long is left counts more than where it was used.
                format!("{}; ends {left}", used(&short, now)),
            ];
            forms.into_iter().find(|words| words.width() <= room)
        }
        None => None,
    };
    let again = key.reactivates_at.filter(|_| key.status == Status::Inactive);
    let again = again.map(|at| format!("; works again {}", relative(at, now.utc))).unwrap_or_default();
    let words = words.unwrap_or_else(|| format!("{}{again}", used(key, now)));
    line(frame, beside, words);
}

/// Draws how the old key was used.
fn draw_strip(frame: &mut Buffer, rest: &mut Rect, dialog: &RotationDialog) {
    let row = next_row(rest);
    let columns = if row.width < NARROW - 4 { NAMES.1 } else { NAMES.0 };
    let beside = Rect { x: row.x + columns, width: row.width.saturating_sub(columns), ..row };
    let Some(read) = dialog.daily() else { return };
    let series = read.series();
    let last = series.get(series.len().saturating_sub(USAGE_DAYS.into())..).unwrap_or_default();
    let strip = usage::strip(last);
    let count = format!("  {} in 30 days", grouped(last.iter().sum()));
    let count = if strip.width() + count.width() <= usize::from(beside.width) { count } else { String::new() };
    line(frame, beside, Line::styled(format!("{strip}{count}"), theme::QUIET));
}
