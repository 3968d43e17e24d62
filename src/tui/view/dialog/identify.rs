//! Whose secret or token is this?

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::draw_call;
use super::form::more_rows;
use crate::domain::AccessKey;
use crate::tui::state::{ClockReading, IdentifyButton, IdentifyDialog};
use crate::tui::theme;
use crate::tui::view::widgets::{button_rows, field, keep_last_row, line, next_row, paragraph, popup, rows};

/// Columns of the field's name.
const NAME: u16 = 8;
const WORDS: &str = "Paste a secret, an access token or a line that holds one. It stays hidden and is stored nowhere.";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &IdentifyDialog, now: ClockReading) -> Option<Position> {
    let told = told(dialog, now);
    let height = match told.iter().map(|words| rows(words, area.width.min(72).saturating_sub(4))).sum::<u16>() {
        0 => 9 + more_rows(&dialog.call),
        rows => rows + 4 + u16::from(dialog.usable() > 1),
    };
    let mut inside = popup(frame, area, 72, height, "Whose secret is this?");
    let kept = keep_last_row(&mut inside);
    let (mut rest, mut cursor) = (inside, None);
    if dialog.takes_text() {
        if rest.height > 4 {
            rest = paragraph(frame, rest, WORDS, Style::new());
            next_row(&mut rest);
        }
        let row = next_row(&mut rest);
        line(frame, row, Span::styled("Secret", theme::QUIET));
        let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
        cursor = field(frame, place, &dialog.pasted, dialog.focus == 0 && !dialog.call.is_sent());
    }
    for (finding, words) in dialog.findings.iter().zip(&told) {
        let is_usable = finding.key().is_some_and(AccessKey::can_be_used);
        rest = paragraph(frame, rest, words, if is_usable { theme::WARNING } else { Style::new() });
    }
    if kept.is_none() && rest.height > 2 {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let names: Vec<&str> = dialog.buttons().iter().map(|button| name(*button, dialog.usable())).collect();
    let below = Rect { height: rest.bottom().max(row.bottom()) - row.y, ..row };
    button_rows(frame, below, &names, dialog.focused());
    draw_call(frame, rest, &dialog.call, "Asking the server…");
    cursor
}

/// What was found. Of several keys each has the number that chooses it, and the chosen one is marked.
fn told(dialog: &IdentifyDialog, now: ClockReading) -> Vec<String> {
    let keys = dialog.keys();
    let told = dialog.findings.iter().map(|finding| {
        let words = finding.words(now.utc);
        match finding.key().and_then(|key| keys.iter().position(|other| other.id == key.id)) {
            Some(at) if keys.len() > 1 => {
                let mark = if at == dialog.chosen { theme::POINTER } else { "  " };
                format!("{mark}{} {words}", at + 1)
            }
            _ => words,
        }
    });
    told.collect()
}

const fn name(button: IdentifyButton, several: usize) -> &'static str {
    match button {
        IdentifyButton::Identify => "Identify",
        IdentifyButton::Cancel => "Cancel",
        IdentifyButton::Close => "Close",
        IdentifyButton::Show => "Show in list",
        IdentifyButton::Deactivate => "Deactivate",
        IdentifyButton::DeactivateAll if several == 2 => "Deactivate both",
        IdentifyButton::DeactivateAll => "Deactivate all",
        IdentifyButton::Rotate => "Rotate…",
        IdentifyButton::Pair => "Rotation…",
        IdentifyButton::Replace => "New key like it…",
    }
}
