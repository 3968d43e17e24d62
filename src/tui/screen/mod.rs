//! The cells that the terminal shows, and the fewest bytes that turn them into a new frame.
//!
//! ratatui draws into a buffer; this turns the difference between two buffers into escape codes. It sends
//! each colour in the shortest form that the terminal has, no reset that changes nothing, nothing at all for an unchanged
//! frame, and moves rows that only scrolled by the terminal's own scroll region.

mod cursor_writer;
#[cfg(test)]
mod kept_tests;
mod palette;
#[cfg(test)]
mod place_tests;
mod row_cache;
mod scroll;
#[cfg(test)]
mod tests;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroize;

use cursor_writer::CursorWriter;
pub use row_cache::RowCache;

use super::theme;
use crate::platform::terminal_kind::TerminalKind;

/// Where the terminal's cursor stands while a frame is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// What is typed, the focused button or the selected row: screen readers and braille displays follow it, seen or not.
    pub at: Option<Position>,
    /// Whether it is seen, since something is typed there.
    pub is_seen: bool,
}

impl Cursor {
    /// Where something is typed.
    pub const fn typing(at: Position) -> Self {
        Self { at: Some(at), is_seen: true }
    }

    /// Where nothing is typed.
    pub const fn resting(at: Option<Position>) -> Self {
        Self { at, is_seen: false }
    }
}

/// The cells that the terminal shows, and the frame that is drawn next.
pub struct Screen {
    shown: Buffer,
    frame: Buffer,
    rows: RowCache,
    writer: CursorWriter,
    cursor: Cursor,
    /// The terminal's cells are not known: every row is written whole.
    stale: bool,
    /// The buffer for the next frame is blank.
    is_wiped: bool,
}

impl Screen {
    /// A screen whose content is not known yet.
    pub fn new(width: u16, height: u16, kind: TerminalKind) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self {
            shown: Buffer::empty(area),
            frame: Buffer::empty(area),
            rows: RowCache::new(height),
            writer: CursorWriter::new(kind),
            cursor: Cursor::default(),
            stale: true,
            is_wiped: true,
        }
    }

    /// Takes a new size; its cells are unknown then.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.frame = Buffer::empty(area);
        self.rows = RowCache::new(height);
        self.stale = true;
    }

    /// The terminal is of another kind than was thought: everything is written anew.
    pub fn set_kind(&mut self, kind: TerminalKind) {
        self.writer.set_kind(kind);
        self.rows = RowCache::new(self.shown.area.height);
        self.stale = true;
    }

    /// Draws a frame and appends to `out` the bytes that show it. `draw` gives the cursor's place; rows that the
    /// [`RowCache`] keeps are left blank by it.
    ///
    /// The frame before stays in memory, with a secret that the new one may hide, until [`wipe`](Self::wipe).
    pub fn draw(&mut self, out: &mut Vec<u8>, draw: impl FnOnce(&mut Buffer, &mut RowCache) -> Cursor) {
        self.wipe();
        self.is_wiped = false;
        let cursor = draw(&mut self.frame, &mut self.rows);
        debug_assert!(
            self.kept_rows().all(|(y, kept)| is_blank(&row(&self.frame, y)[..kept])),
            "a row that is kept was drawn"
        );
        let before = out.len();
        let mut changed = self.changed_rows();
        if self.stale {
            self.write_all(out);
        } else {
            if let Some(scroll) = scroll::find(&self.shown, &self.frame, &changed) {
                self.draw_kept_rows();
                scroll.write(out, &mut self.writer);
                scroll.apply(&mut self.shown);
                changed = self.changed_rows();
            }
            // A row that is written whole is needed whole.
            if self.writer.is_wide() {
                self.draw_kept_rows();
            }
            for y in (0..self.frame.area.height).filter(|y| changed[usize::from(*y)]) {
                self.write_changes(out, y);
            }
        }
        self.place_cursor(out, cursor, out.len() > before);
        for y in (0..self.frame.area.height).filter(|y| changed[usize::from(*y)]) {
            let kept = self.kept(y);
            row_mut(&mut self.shown, y)[kept..].swap_with_slice(&mut row_mut(&mut self.frame, y)[kept..]);
        }
        self.stale = false;
    }

    /// Wipes the frame before the one that is shown. The terminal need not wait for that: the new frame's bytes go first.
    pub fn wipe(&mut self) {
        if self.is_wiped {
            return;
        }
        for y in 0..self.frame.area.height {
            let kept = self.kept(y);
            row_mut(&mut self.frame, y)[kept..].iter_mut().for_each(Cell::reset);
        }
        self.rows.turn();
        self.is_wiped = true;
    }

    /// How many cells of a row stay as they are shown.
    fn kept(&self, y: u16) -> usize {
        usize::from(self.rows.kept(y).min(self.frame.area.width))
    }

    /// The rows of which cells stay, and how many.
    fn kept_rows(&self) -> impl Iterator<Item = (u16, usize)> {
        (0..self.frame.area.height).map(|y| (y, self.kept(y))).filter(|(_, kept)| *kept > 0)
    }

    /// Puts the cells that stay as they are shown into the frame: the terminal may move them.
    fn draw_kept_rows(&mut self) {
        for (y, kept) in self.kept_rows().collect::<Vec<_>>() {
            row_mut(&mut self.frame, y)[..kept].clone_from_slice(&row(&self.shown, y)[..kept]);
        }
        self.rows.release_all();
    }

    /// Which rows are not the same.
    fn changed_rows(&self) -> Vec<bool> {
        let differs = |y| {
            let kept = self.kept(y);
            row(&self.shown, y)[kept..] != row(&self.frame, y)[kept..]
        };
        (0..self.frame.area.height).map(differs).collect()
    }

    /// Appends what blanks every row, without a clear that a terminal would push into its scrollback.
    pub fn blank(&mut self, out: &mut Vec<u8>) {
        self.writer.plain(out);
        for y in 0..self.shown.area.height {
            self.writer.go(out, 0, y);
            out.extend_from_slice(b"\x1b[K");
        }
        self.writer.go(out, 0, 0);
        for buffer in [&mut self.shown, &mut self.frame] {
            buffer.reset();
        }
        self.rows = RowCache::new(self.shown.area.height);
        self.stale = true;
    }

    fn write_all(&mut self, out: &mut Vec<u8>) {
        self.writer.forget();
        out.extend_from_slice(b"\x1b[m");
        for y in 0..self.frame.area.height {
            if self.is_alone(y) {
                self.write_alone(out, y);
                continue;
            }
            self.write_whole(out, y);
        }
    }

    fn write_whole(&mut self, out: &mut Vec<u8>, y: u16) {
        let end = self.row_end(y);
        self.writer.go(out, 0, y);
        self.write_row(out, y, end);
        if end < self.frame.area.width {
            self.writer.plain(out);
            out.extend_from_slice(b"\x1b[K");
        }
    }

    fn write_row(&mut self, out: &mut Vec<u8>, y: u16, end: u16) {
        let mut x = 0;
        while x < end {
            x += self.writer.write(out, &self.frame, x, y);
        }
    }

    /// Writes a row that is selected as a whole. It is cleared first, from its start: multiplexers then know that
    /// nothing is behind its end. One that goes on from such a row above follows it by the terminal's own wrap.
    fn write_alone(&mut self, out: &mut Vec<u8>, y: u16) {
        self.writer.go(out, 0, y);
        self.writer.plain(out);
        out.extend_from_slice(b"\x1b[K");
        if y > 0 && self.is_alone(y - 1) {
            self.writer.flow(out, &self.frame, y);
        }
        self.write_row(out, y, self.row_end(y));
    }

    fn write_changes(&mut self, out: &mut Vec<u8>, y: u16) {
        if self.is_alone(y) {
            return self.write_alone(out, y);
        }
        // What a cell takes depends on the next one there: rare, and not worth a look at each.
        if self.writer.is_wide() {
            return self.write_whole(out, y);
        }
        let width = self.frame.area.width;
        let end = self.row_end(y);
        // Where a wide character stood or comes to stand, every cell of it counts as changed.
        let kept = self.rows.kept(y);
        let (mut x, mut unknown_to) = (kept, 0);
        while x < width {
            let (old, new) = (&self.shown[(x, y)], &self.frame[(x, y)]);
            let (wide, was_wide) = (cells(new.symbol()), cells(old.symbol()));
            let changed = old != new || x < unknown_to;
            if changed {
                unknown_to = unknown_to.max(x + was_wide).max(x + wide);
                self.writer.reach(out, &self.frame, kept, x, y);
                if x >= end && x + 4 < width {
                    self.writer.plain(out);
                    out.extend_from_slice(b"\x1b[K");
                    return;
                }
                self.writer.write(out, &self.frame, x, y);
            }
            x += wide;
        }
    }

    /// Whether a row holds one text alone.
    fn is_alone(&self, y: u16) -> bool {
        self.frame.area.width > 0 && self.frame[(0, y)].modifier.contains(theme::ALONE)
    }

    /// The first column of a row from which on everything is blank.
    fn row_end(&self, y: u16) -> u16 {
        let blank = Cell::EMPTY;
        let width = self.frame.area.width;
        (0..width)
            .rev()
            .find(|&x| self.frame[(x, y)] != blank && self.frame[(x, y)].symbol() != "")
            .map_or(0, |x| x + 1)
    }

    fn place_cursor(&mut self, out: &mut Vec<u8>, cursor: Cursor, changed: bool) {
        if let Some(at) = cursor.at.filter(|_| changed || self.cursor.at != cursor.at) {
            self.writer.go(out, at.x, at.y);
        }
        if cursor.is_seen != self.cursor.is_seen {
            out.extend_from_slice(if cursor.is_seen { b"\x1b[?25h" } else { b"\x1b[?25l" });
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

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    &buffer.content[usize::from(y) * width..][..width]
}

fn is_blank(row: &[Cell]) -> bool {
    row.iter().all(|cell| *cell == Cell::EMPTY)
}

fn row_mut(buffer: &mut Buffer, y: u16) -> &mut [Cell] {
    let width = usize::from(buffer.area.width);
    &mut buffer.content[usize::from(y) * width..][..width]
}

/// How many cells a symbol takes; ASCII, which is nearly everything, is known without a look into tables.
fn cells(symbol: &str) -> u16 {
    if symbol.len() <= 1 { 1 } else { u16::try_from(symbol.width()).unwrap_or(1).max(1) }
}

/// Wipes bytes that may hold a drawn secret.
pub fn wipe(bytes: &mut Vec<u8>) {
    bytes.zeroize();
}
