//! Pictures of the screen as text.

use std::fmt::Write as _;

use latchkey::ui::app::{App, Moment};
use latchkey::ui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// What the app shows at its size: rows of text, and the cursor's place below them if there is one.
pub fn picture(app: &App, now: Moment) -> String {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut frame = Buffer::empty(area);
    let cursor = view::draw(&mut frame, app, now);
    let mut text = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        let mut x = 0;
        while x < area.width {
            let symbol = frame[Position::new(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap().max(1); // a wide character covers two cells
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    if let Some(cursor) = cursor {
        writeln!(text, "cursor: {},{}", cursor.x, cursor.y).unwrap();
    }
    text
}

/// Masks what depends on the time zone of the machine, digit for digit, so that widths stay true.
#[must_use]
pub fn mask_times(picture: &str) -> String {
    let chars: Vec<char> = picture.chars().collect();
    let mut out = chars.clone();
    let shape = |at: usize, shape: &str| {
        shape.chars().enumerate().all(|(i, s)| {
            chars.get(at + i).is_some_and(|c| match s {
                '#' => c.is_ascii_digit(),
                '~' => matches!(c, '+' | '-'),
                s => *c == s,
            })
        })
    };
    for at in 0..chars.len() {
        for pattern in ["####-##-##", "##:##:##", "##:##", " ~##:##"] {
            if shape(at, pattern) {
                for (i, s) in pattern.chars().enumerate() {
                    out[at + i] = if s == '~' { '+' } else { s };
                }
            }
        }
    }
    out.into_iter().collect()
}
