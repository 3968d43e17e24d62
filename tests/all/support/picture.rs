//! Pictures of the screen as text.

use std::fmt::Write as _;

use latchkey::tui::screen::RowCache;
use latchkey::tui::state::{ClockReading, State};
use latchkey::tui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// What the app shows at its size: rows of text, and the cursor's place below them if there is one.
pub fn picture(state: &State, now: ClockReading) -> String {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let mut frame = Buffer::empty(area);
    let cursor = view::draw(&mut frame, &mut RowCache::default(), state, now);
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
    if let Some(cursor) = cursor.at.filter(|_| cursor.is_seen) {
        writeln!(text, "cursor: {},{}", cursor.x, cursor.y).unwrap();
    }
    text
}
