//! The confirmation before a secret is shown or copied where others may be watching.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::state::{Dialog, Guard, PendingAction, State};
use crate::tui::theme;
use crate::tui::view::widgets::{NARROW, buttons, keep_last_row, next_row, paragraph, popup};

/// Draws it on top of the dialog that it is about.
pub(in crate::tui::view) fn draw(frame: &mut Buffer, area: Rect, guard: &Guard, state: &State) {
    // The footer stays readable: it says what can be pressed.
    let area = Rect { height: area.height - 1, ..area };
    let height = if area.width < NARROW { area.height } else { 6 + u16::try_from(guard.reasons.len()).unwrap_or(0) };
    let mut inside = popup(frame, area, 72, height, "Someone may be watching");
    let kept = keep_last_row(&mut inside);
    let mut rest = inside;
    for reason in &guard.reasons {
        rest = paragraph(frame, rest, &format!("! {}", reason.sentence()), theme::WARNING);
    }
    let saves = match &state.dialog {
        Some(Dialog::Reveal(_)) => " Save (w) stores it without showing it.",
        _ => "",
    };
    let words = format!("Anyone who sees this screen or a recording of it can use the secret.{saves}");
    rest = paragraph(frame, rest, &words, Style::new());
    let row = kept.unwrap_or_else(|| {
        next_row(&mut rest);
        next_row(&mut rest)
    });
    let go_on = match guard.holds {
        PendingAction::Show => "Show anyway",
        PendingAction::HandOver => "Hand over anyway",
        PendingAction::Copy(..) => "Copy anyway",
    };
    buttons(frame, row, &["Back", go_on], Some(usize::from(guard.yes)));
}
