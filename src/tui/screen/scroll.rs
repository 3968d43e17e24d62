//! Finds rows that only moved up or down, so that the terminal moves them itself.

use std::io::Write as _;

use ratatui::buffer::{Buffer, Cell};

use super::cursor_writer::CursorWriter;
use super::is_blank;

/// Rows `top..=bottom` move up by `up` (or down, if negative); blank rows come in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scroll {
    top: u16,
    bottom: u16,
    up: i32,
}

/// Fewer rows than this are not worth the codes.
const WORTH: usize = 3;

/// The scroll that saves the most rows, if any is worth it. `differs` says which rows are not the same.
pub(crate) fn find(shown: &Buffer, frame: &Buffer, differs: &[bool]) -> Option<Scroll> {
    let rows = i32::from(frame.area.height);
    if differs.iter().filter(|d| **d).count() <= WORTH {
        return None;
    }
    let mut best: Option<(usize, Scroll)> = None;
    for up in (1 - rows..rows).filter(|up| *up != 0) {
        // Rows that differ in place, but stand `up` rows further down on the terminal.
        let moved = |y: &i32| {
            (0..rows).contains(&(y + up))
                && differs[usize::try_from(*y).unwrap_or(0)]
                && row(frame, *y) == row(shown, y + up)
                && !is_blank(row(frame, *y))
        };
        let saved: Vec<i32> = (0..rows).filter(moved).collect();
        let (Some(first), Some(last)) = (saved.first(), saved.last()) else { continue };
        // A row inside that need not move would be broken: count it against.
        let broken = (*first..=*last).filter(|y| !differs[usize::try_from(*y).unwrap_or(0)]).count();
        let worth = saved.len().saturating_sub(broken);
        if worth >= WORTH && best.as_ref().is_none_or(|(most, _)| worth > *most) {
            let (top, bottom) = if up > 0 { (*first, last + up) } else { (first + up, *last) };
            let (Ok(top), Ok(bottom)) = (u16::try_from(top), u16::try_from(bottom)) else { continue };
            best = Some((worth, Scroll { top, bottom, up }));
        }
    }
    best.map(|(_, scroll)| scroll)
}

impl Scroll {
    /// Tells the terminal: a scroll region, then line feeds at its end or reverse indexes at its start.
    /// Works from the VT100 on (DECSTBM, IND, RI).
    pub(crate) fn write(&self, out: &mut Vec<u8>, writer: &mut CursorWriter) {
        writer.plain(out); // the rows that come in take the background
        let (top, bottom) = (self.top + 1, self.bottom + 1);
        let (start, code): (u16, &[u8]) = if self.up > 0 { (bottom, b"\n") } else { (top, b"\x1bM") };
        let _ = write!(out, "\x1b[{top};{bottom}r\x1b[{start}H");
        for _ in 0..self.up.unsigned_abs() {
            out.extend_from_slice(code);
        }
        out.extend_from_slice(b"\x1b[r"); // homes the cursor
        writer.moved(0, 0);
    }

    /// Does the same to the buffer.
    pub(crate) fn apply(&self, shown: &mut Buffer) {
        let width = usize::from(shown.area.width);
        let region = &mut shown.content[usize::from(self.top) * width..(usize::from(self.bottom) + 1) * width];
        let cells = (self.up.unsigned_abs() as usize * width).min(region.len());
        let rest = region.len() - cells;
        let blank = if self.up > 0 {
            region.rotate_left(cells);
            &mut region[rest..]
        } else {
            region.rotate_right(cells);
            &mut region[..cells]
        };
        blank.iter_mut().for_each(Cell::reset);
    }
}

fn row(buffer: &Buffer, y: i32) -> &[Cell] {
    super::row(buffer, u16::try_from(y).unwrap_or(0))
}
