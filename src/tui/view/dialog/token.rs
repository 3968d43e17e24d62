//! The page for a key made earlier or elsewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use super::step;
use crate::domain::Untrusted;
use crate::tui::field::Field;
use crate::tui::state::{ClockReading, TokenDialog, TokenFocus};
use crate::tui::theme;
use crate::tui::view::widgets::{button_rows, field, line, next_row, paragraph, popup, wrap};

const BUTTONS: [(TokenFocus, &str); 4] = [
    (TokenFocus::Hmac, "HMAC token"),
    (TokenFocus::Exchange, "Get access token"),
    (TokenFocus::Doctor, "Doctor"),
    (TokenFocus::Close, "Close"),
];

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &TokenDialog, now: ClockReading) -> Option<Position> {
    if let Some(open) = &dialog.step {
        return step::draw(frame, area, open, now);
    }
    let inside = popup(frame, area, 78, 17, "HMAC token and access token");
    let mut rest = inside;
    if rest.height > 12 {
        let words = "For any existing key, on this server or another. Nothing you type here is stored.";
        rest = paragraph(frame, rest, words, Style::new());
        next_row(&mut rest);
    }
    let words = dialog.words.clone().or_else(|| dialog.warning());
    // On a small screen what is wrong is worth more than the fields that it is not about.
    let tiny = inside.height < 9;
    let said = words.as_ref().map_or(0, |words| wrap(words, usize::from(inside.width)).len().min(3));
    let rows = if tiny { usize::from(inside.height).saturating_sub(2 + said).min(5) } else { 5 };
    let cursor = draw_fields(frame, &mut rest, dialog, rows);
    if rest.height > 4 && !tiny {
        next_row(&mut rest);
    }
    let names = BUTTONS.map(|(_, name)| name);
    let focused = BUTTONS.iter().position(|(stop, _)| *stop == dialog.focus);
    rest = button_rows(frame, rest, &names, focused);
    if rest.height > 2 && !tiny {
        next_row(&mut rest);
    }
    match &words {
        Some(words) => paragraph(frame, rest, words, theme::WARNING),
        None => paragraph(frame, rest, hint(dialog.focus), theme::QUIET),
    };
    cursor
}

/// Draws as many fields as there are `rows` for, the focused one among them.
fn draw_fields(frame: &mut Buffer, rest: &mut Rect, dialog: &TokenDialog, rows: usize) -> Option<Position> {
    let narrow = rest.width < 60;
    let fields: [(&str, &str, &Field, TokenFocus, &str); 5] = [
        ("Base URL", "URL", &dialog.base, TokenFocus::Base, "this server"),
        ("Access key ID", "Key ID", &dialog.id, TokenFocus::Id, ""),
        ("Secret access key", "Secret", &dialog.secret, TokenFocus::Secret, ""),
        ("Content", "Content", &dialog.content, TokenFocus::Content, "random"),
        ("HMAC token to check", "Check", &dialog.failing, TokenFocus::Failing, "none"),
    ];
    let names = if narrow { 8 } else { 20 };
    let mut cursor = None;
    let at = fields.iter().position(|(.., focus, _)| *focus == dialog.focus).unwrap_or(rows.saturating_sub(1));
    for (name, short, typed, focus, empty) in fields.into_iter().skip((at + 1).saturating_sub(rows)).take(rows) {
        let row = next_row(rest);
        line(frame, row, Span::styled(if narrow { short } else { name }, theme::QUIET));
        let place = Rect { x: row.x + names, width: row.width.saturating_sub(names), ..row };
        let focused = dialog.focus == focus;
        if typed.text().is_empty() && !focused {
            if empty.is_empty() {
                field(frame, place, typed, false);
            } else {
                let words = Untrusted::new(&format!("({empty})")).to_display(usize::from(place.width));
                line(frame, place, Span::styled(words, theme::QUIET));
            }
        } else if row.height > 0 {
            cursor = cursor.or(field(frame, place, typed, focused));
        }
    }
    cursor
}

const fn hint(focus: TokenFocus) -> &'static str {
    match focus {
        TokenFocus::Base => "Server address, e.g. https://us-clover.passportalmsp.com. Leave empty for this server.",
        TokenFocus::Id => "The key's public ID, as shown in the list.",
        TokenFocus::Secret => {
            "Type or paste the secret. It stays hidden, is not stored, and is used only to compute the HMAC."
        }
        TokenFocus::Content => "Any text; not secret. Leave empty for random text.",
        TokenFocus::Failing => "For Doctor only: the x-hash that your program sends and the server rejects.",
        TokenFocus::Hmac => "Generates the HMAC token, to copy alone or as a curl command.",
        TokenFocus::Exchange => "Generates the HMAC token, exchanges it for an access token and verifies it.",
        TokenFocus::Doctor => "Finds out why the exchange fails.",
        TokenFocus::Close => "Closes and discards what you typed.",
    }
}
