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
        let words = "For a key made earlier or elsewhere, on this server or another. Nothing typed here is stored.";
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
    let here = format!("this server: {}", dialog.here.name);
    let fields: [(&str, &str, &Field, TokenFocus, &str); 5] = [
        ("Base URL", "URL", &dialog.base, TokenFocus::Base, &here),
        ("Access key ID", "Key ID", &dialog.id, TokenFocus::Id, ""),
        ("Secret access key", "Secret", &dialog.secret, TokenFocus::Secret, ""),
        ("Content", "Content", &dialog.content, TokenFocus::Content, "fresh random text"),
        ("Failing HMAC token", "Failing", &dialog.failing, TokenFocus::Failing, "none"),
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
        TokenFocus::Base => "The server's address, such as https://us-clover.passportalmsp.com. Empty: this server.",
        TokenFocus::Id => "The public half of the pair, as the list of keys shows it.",
        TokenFocus::Secret => "Type or paste it: it is not shown, not kept, and goes nowhere but into the HMAC.",
        TokenFocus::Content => "Any text; it is no secret. Empty: a fresh random one is drawn.",
        TokenFocus::Failing => "Only for Doctor: the x-hash that another program sends and that is refused.",
        TokenFocus::Hmac => "Makes the HMAC token, to be copied alone or as a curl request.",
        TokenFocus::Exchange => "Makes the HMAC token, exchanges it for an access token, and proves that it works.",
        TokenFocus::Doctor => "Says what is wrong with an exchange that fails, and with the failing HMAC token.",
        TokenFocus::Close => "Forgets all that was typed here.",
    }
}
