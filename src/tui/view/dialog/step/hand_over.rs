//! The step that hands a secret over to someone else, as it is on screen.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw_copied;
use crate::operations::handover::{Commands, Ticket, curl_input, then_confirm};
use crate::operations::messages;
use crate::tui::state::{HandOverFocus, HandOverStep, HandingOver, TTLS};
use crate::tui::theme;
use crate::tui::view::widgets::{button_rows, choices, line, next_row, paragraph, popup};

const WHAT: &str = "Someone else gets the secret with a code that you send them. It opens once, with latchkey or curl.";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, step: &HandOverStep) {
    let height = if matches!(step.state, HandingOver::Done { .. }) { 19 } else { 16 };
    let mut rest = popup(frame, area, 78, height, "Hand over the secret");
    let roomy = rest.height > 12;
    if let HandingOver::Done { ticket, until } = &step.state {
        return draw_code(frame, rest, step, ticket, *until, roomy);
    }
    if roomy {
        rest = paragraph(frame, rest, WHAT, Style::new());
        next_row(&mut rest);
    }
    let ttls: Vec<_> = TTLS.iter().map(|(name, _)| (*name, *name)).collect();
    let row = named(frame, next_row(&mut rest), "Valid for");
    choices(frame, row, &ttls, step.ttl, step.focus == HandOverFocus::Ttl);
    let row = named(frame, next_row(&mut rest), "PIN");
    let pins = [("none", "none"), ("6 digits", "6 digits")];
    choices(frame, row, &pins, step.with_pin.into(), step.focus == HandOverFocus::Pin);
    if roomy {
        next_row(&mut rest);
    }
    let focused = [HandOverFocus::Create, HandOverFocus::Back].iter().position(|stop| *stop == step.focus);
    let mut rest = button_rows(frame, rest, &["Create code", "Back"], focused);
    if roomy {
        next_row(&mut rest);
    }
    let (words, style) = match &step.state {
        HandingOver::Running(_) => ("Handing over…", theme::WARNING),
        HandingOver::Failed(words) => (words.as_str(), theme::ERROR),
        _ if step.focus == HandOverFocus::Pin => {
            ("A PIN is generated too. The code opens nothing without it. Send it another way.", theme::QUIET)
        }
        _ => ("Whoever comes second gets nothing, and you are warned.", theme::QUIET),
    };
    paragraph(frame, rest, words, style);
}

fn draw_code(
    frame: &mut Buffer,
    mut rest: Rect,
    step: &HandOverStep,
    ticket: &Ticket,
    until: DateTime<Utc>,
    roomy: bool,
) {
    let row = named(frame, next_row(&mut rest), "Code");
    line(frame, row, Span::styled(ticket.code.expose().as_str(), theme::SECRET));
    if let Some(pin) = ticket.pin() {
        let row = named(frame, next_row(&mut rest), "PIN");
        let pin = Span::styled(pin, theme::SECRET);
        line(frame, row, Line::from(vec![pin, Span::styled("  send it another way", theme::QUIET)]));
    }
    let row = named(frame, next_row(&mut rest), "Until");
    line(frame, row, format!("{}; it opens once", messages::minute(until)));
    if roomy {
        next_row(&mut rest);
    }
    let focused = step.stops().iter().position(|stop| *stop == step.focus);
    let mut rest = button_rows(frame, rest, &["Copy code", "Back"], focused);
    if let Some(copied) = step.copied.as_ref() {
        return draw_copied(frame, rest, copied);
    }
    if roomy {
        next_row(&mut rest);
    }
    let Commands { receive, curl, confirm } = step.commands();
    rest = paragraph(frame, rest, &messages::receive_by(&receive), Style::new());
    if roomy {
        next_row(&mut rest);
    }
    let typed = curl_input(step.with_pin);
    rest = paragraph(frame, rest, &format!("or: {curl}\nand type {typed}."), theme::QUIET);
    paragraph(frame, rest, &then_confirm(&confirm), theme::QUIET);
}

/// A name at the beginning of a row; gives the rest of the row.
fn named(frame: &mut Buffer, row: Rect, name: &str) -> Rect {
    const CELLS: u16 = 10;
    line(frame, row, Span::styled(name, theme::QUIET));
    Rect { x: row.x + CELLS, width: row.width.saturating_sub(CELLS), ..row }
}
