//! What stands on the terminal, and the fewest bytes that make it something else.
//!
//! ratatui draws into a buffer; this turns the difference between two buffers into escape codes. It sends
//! the 16 basic colours as 30-37 and 90-97, no reset that changes nothing, nothing at all for an unchanged
//! frame, and moves rows that only scrolled by the terminal's own scroll region.

mod pen;
mod scroll;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use zeroize::Zeroize;

use pen::Pen;

/// The terminal's cells as they are, and the frame being drawn.
pub struct Screen {
    shown: Buffer,
    frame: Buffer,
    pen: Pen,
    cursor: Option<Position>,
    /// The terminal's cells are not known: every row is written whole.
    stale: bool,
}

impl Screen {
    /// A screen of an unknown content.
    #[must_use]
    pub fn new(width: u16, height: u16, colours: bool) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self {
            shown: Buffer::empty(area),
            frame: Buffer::empty(area),
            pen: Pen::new(colours),
            cursor: None,
            stale: true,
        }
    }

    /// Takes a new size; its cells are unknown then.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.frame = Buffer::empty(area);
        self.stale = true;
    }

    /// Draws a frame and appends to `out` what the terminal must be told. `draw` gives the cursor's place.
    pub fn draw(&mut self, out: &mut Vec<u8>, draw: impl FnOnce(&mut Buffer) -> Option<Position>) {
        let cursor = draw(&mut self.frame);
        let before = out.len();
        if self.stale {
            self.write_all(out);
        } else {
            if let Some(scroll) = scroll::find(&self.shown, &self.frame) {
                scroll.write(out, &mut self.pen);
                scroll.apply(&mut self.shown);
            }
            self.write_changes(out);
        }
        self.place_cursor(out, cursor, out.len() > before);
        std::mem::swap(&mut self.shown, &mut self.frame);
        // The older frame may hold a secret that the newer one hides.
        self.frame.reset();
        self.stale = false;
    }

    /// Appends what blanks every row, without a clear that a terminal would push into its scrollback.
    pub fn blank(&mut self, out: &mut Vec<u8>) {
        self.pen.plain(out);
        for y in 0..self.shown.area.height {
            self.pen.go(out, 0, y);
            out.extend_from_slice(b"\x1b[K");
        }
        self.pen.go(out, 0, 0);
        for buffer in [&mut self.shown, &mut self.frame] {
            buffer.reset();
        }
        self.stale = true;
    }

    fn write_all(&mut self, out: &mut Vec<u8>) {
        self.pen.forget();
        out.extend_from_slice(b"\x1b[m");
        for y in 0..self.frame.area.height {
            let end = self.row_end(y);
            self.pen.go(out, 0, y);
            let mut x = 0;
            while x < end {
                x += self.pen.write(out, &self.frame, x, y);
            }
            if end < self.frame.area.width {
                self.pen.plain(out);
                out.extend_from_slice(b"\x1b[K");
            }
        }
    }

    fn write_changes(&mut self, out: &mut Vec<u8>) {
        let mut erased = None;
        for (x, y, _) in self.shown.diff(&self.frame) {
            if erased == Some(y) {
                continue;
            }
            let end = self.row_end(y);
            self.pen.reach(out, &self.frame, x, y);
            if x >= end && x + 4 < self.frame.area.width {
                self.pen.plain(out);
                out.extend_from_slice(b"\x1b[K");
                erased = Some(y);
            } else {
                self.pen.write(out, &self.frame, x, y);
            }
        }
    }

    /// The first column of a row from which on everything is blank.
    fn row_end(&self, y: u16) -> u16 {
        let blank = ratatui::buffer::Cell::EMPTY;
        let width = self.frame.area.width;
        (0..width)
            .rev()
            .find(|&x| self.frame[(x, y)] != blank && self.frame[(x, y)].symbol() != "")
            .map_or(0, |x| x + 1)
    }

    fn place_cursor(&mut self, out: &mut Vec<u8>, cursor: Option<Position>, changed: bool) {
        match cursor {
            Some(at) => {
                if changed || self.cursor != cursor {
                    self.pen.go(out, at.x, at.y);
                }
                if self.cursor.is_none() {
                    out.extend_from_slice(b"\x1b[?25h");
                }
            }
            None if self.cursor.is_some() => out.extend_from_slice(b"\x1b[?25l"),
            None => {}
        }
        self.cursor = cursor;
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for buffer in [&mut self.shown, &mut self.frame] {
            buffer.reset();
        }
    }
}

/// Wipes bytes that may hold a drawn secret.
pub fn wipe(bytes: &mut Vec<u8>) {
    bytes.zeroize();
}

#[cfg(test)]
mod tests;
