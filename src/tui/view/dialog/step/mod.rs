//! Steps two and three, as they are on screen.

mod hand_over;
mod save;
mod test;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::platform::clipboard::report::{CopyReport, What};
use crate::tui::state::{ClockReading, HmacFocus, HmacStep, Step};
use crate::tui::theme;
use crate::tui::view::widgets::{NARROW, button_rows, field, line, next_row, paragraph, popup, whole};

pub(crate) fn draw(frame: &mut Buffer, area: Rect, step: &Step, now: ClockReading) -> Option<Position> {
    match step {
        Step::Hmac(step) => draw_hmac(frame, area, step, now),
        Step::Save(step) => save::draw(frame, area, step),
        Step::HandOver(step) => {
            hand_over::draw(frame, area, step);
            None
        }
        Step::Test(step) => {
            test::draw(frame, area, step, now);
            None
        }
    }
}

fn draw_hmac(frame: &mut Buffer, area: Rect, step: &HmacStep, now: ClockReading) -> Option<Position> {
    let inside = popup(frame, area, 78, 15, "HMAC token");
    let mut rest = inside;
    let roomy = rest.height > 12;
    if roomy {
        let words = "HMAC-SHA256 of the content, with the Secret access key as the key. The content is not secret.";
        rest = paragraph(frame, rest, words, Style::new());
        next_row(&mut rest);
    }
    let mut cursor = None;
    // On a small screen what came of a copy has its row.
    if roomy || step.copied.is_none() || step.focus == HmacFocus::Content {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled("Content", theme::QUIET));
        let place = Rect { x: row.x + 9, width: row.width.saturating_sub(9), ..row };
        cursor = field(frame, place, &step.content, step.focus == HmacFocus::Content);
    }
    if roomy {
        next_row(&mut rest);
    }
    if let Some(made) = &step.made {
        let left = step.seconds_left(now).unwrap_or(0);
        let name = if rest.width < NARROW { "HMAC token (secret)," } else { "HMAC token (treat it as a password)," };
        line(frame, next_row(&mut rest), Span::styled(format!("{name} hidden in {left} s"), theme::QUIET));
        let width = usize::from(rest.width).clamp(1, 64);
        for part in made.token.expose().as_bytes().chunks(width) {
            line(frame, next_row(&mut rest), Span::styled(String::from_utf8_lossy(part), theme::SECRET));
        }
        if roomy {
            next_row(&mut rest);
        }
    }
    let names: Vec<&str> = step.stops().iter().filter_map(|stop| hmac_button(*stop)).collect();
    let focused = step.stops().iter().position(|stop| *stop == step.focus).and_then(|at| at.checked_sub(1));
    rest = button_rows(frame, rest, &names, focused);
    match (&step.wrong, &step.copied) {
        (Some(words), _) => drop(whole(frame, rest, words, theme::ERROR)),
        (None, Some(copied)) => draw_copied(frame, rest, copied),
        (None, None) => {}
    }
    cursor
}

const fn hmac_button(stop: HmacFocus) -> Option<&'static str> {
    match stop {
        HmacFocus::Content => None,
        HmacFocus::Make => Some("Generate"),
        HmacFocus::CopyToken => Some("Copy token"),
        HmacFocus::CopyContent => Some("Copy content"),
        HmacFocus::CopyRequest => Some("Copy as curl"),
        HmacFocus::Back => Some("Back"),
    }
}

fn copied_words(what: What, report: &CopyReport, width: u16) -> String {
    if width < NARROW { report.brief(what) } else { report.sentence(what) }
}

fn draw_copied(frame: &mut Buffer, rest: Rect, (what, report): &(What, CopyReport)) {
    let style = if matches!(report, CopyReport::Failed { .. }) { theme::ERROR } else { Style::new() };
    paragraph(frame, rest, &copied_words(*what, report, rest.width), style);
}
