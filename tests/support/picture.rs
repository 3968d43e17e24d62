//! Pictures of the screen as text.

use latchkey::ui::app::{App, Moment};
use latchkey::ui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What the app shows at its size: rows of text, and the cursor's place below them if there is one.
pub fn picture(app: &App, now: Moment) -> String {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut frame = Buffer::empty(area);
    let cursor = view::draw(&mut frame, app, now);
    let mut text = String::new();
    for y in 0..area.height {
        let row: String = (0..area.width).map(|x| frame[Position::new(x, y)].symbol()).collect();
        text.push_str(row.trim_end());
        text.push('\n');
    }
    if let Some(cursor) = cursor {
        text.push_str(&format!("cursor: {},{}\n", cursor.x, cursor.y));
    }
    text
}

/// Masks what depends on the time zone of the machine, digit for digit, so that widths stay true.
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
