//! A short list in columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::widgets::{line, mark_here, mark_row, next_row};
use crate::tui::theme;

/// A column, and the order in which columns go where there is little room.
pub(crate) struct TableColumn {
    title: &'static str,
    /// The higher, the earlier it goes; 1 only where the first column is short. 0 stays.
    rank: u8,
    /// Whether it takes what the others leave, and gives way first.
    is_rest: bool,
}

impl TableColumn {
    pub(crate) const fn new(title: &'static str, rank: u8) -> Self {
        Self { title, rank, is_rest: false }
    }

    pub(crate) const fn rest(mut self) -> Self {
        self.is_rest = true;
        self
    }
}

/// What is in a cell, and how it looks.
pub(crate) type TableCell = (String, Style);

/// The cells of the first column that are enough to tell most names apart, and the fewest that it has.
const ENOUGH: usize = 20;
const LEAST: usize = 8;
/// The fewest cells of another column that is shortened before it goes.
const SHORTENED: usize = 12;
/// The fewest cells of a column that takes the rest, before others go for it.
const REST: usize = 12;

/// Draws the names of the columns and the rows that there is room for, from `top` on.
pub(crate) fn draw<const N: usize>(
    frame: &mut Buffer,
    mut area: Rect,
    columns: &[TableColumn; N],
    rows: &[[TableCell; N]],
    (top, selected): (usize, usize),
) {
    let height = usize::from(area.height.saturating_sub(1));
    let visible = || rows.iter().enumerate().skip(top).take(height);
    let (widths, gap) = fitted(columns, visible().map(|(_, row)| row), usize::from(area.width));
    let mut draw_row = |area: Rect, pointer: Span<'static>, cells: [(&str, Style); N]| {
        line(frame, Rect { width: area.width.min(2), ..area }, pointer);
        let mut x = area.x + 2;
        for ((text, style), width) in cells.into_iter().zip(widths).filter(|(_, width)| *width > 0) {
            let place = Rect { x, width, ..area }.intersection(area);
            line(frame, place, Span::styled(format!("{text:<width$}", width = usize::from(width)), style));
            x += width + gap;
        }
    };
    draw_row(next_row(&mut area), Span::raw(""), columns.each_ref().map(|column| (column.title, theme::COLUMN)));
    let (mut here, mut rows_of) = (None, Vec::new());
    for (at, row) in visible() {
        let place = next_row(&mut area);
        let is_selected = at == selected;
        let pointer = Span::raw(if is_selected { theme::POINTER } else { "  " });
        here = here.or(is_selected.then_some(place));
        draw_row(place, pointer, row.each_ref().map(|(text, style)| (text.as_str(), *style)));
        rows_of.push(place);
    }
    for place in rows_of {
        mark_row(frame, place);
    }
    if let Some(place) = here {
        frame.set_style(place, theme::SELECTED);
        mark_here(frame, place);
    }
}

/// How wide each column is, 0 for none, and the gap between two.
fn fitted<'a, const N: usize>(
    columns: &[TableColumn; N],
    rows: impl Iterator<Item = &'a [TableCell; N]>,
    room: usize,
) -> ([u16; N], u16) {
    let mut widths = columns.each_ref().map(|column| column.title.width());
    for row in rows {
        for (width, (text, _)) in widths.iter_mut().zip(row) {
            *width = text.width().max(*width);
        }
    }
    let rest = columns.iter().position(|column| column.is_rest);
    let wished = rest.map_or(0, |rest| {
        let wished = widths[rest];
        widths[rest] = wished.min(REST);
        wished
    });
    let total = |widths: &[usize; N], gap| {
        2 + widths.iter().filter(|width| **width > 0).map(|width| width + gap).sum::<usize>()
    };
    while total(&widths, 1) > room + 1 {
        let over = total(&widths, 1) - room - 1;
        let last = (0..N).filter(|at| widths[*at] > 0).max_by_key(|at| columns[*at].rank).unwrap_or(0);
        match columns[last].rank {
            2.. => widths[last] = 0,
            // A name may lose its end before this column goes.
            _ if widths[0] > ENOUGH => widths[0] = widths[0].saturating_sub(over).max(ENOUGH),
            1 if widths[last] >= over + SHORTENED => widths[last] -= over,
            1 => widths[last] = 0,
            _ if widths[0] > LEAST => widths[0] = widths[0].saturating_sub(over).max(LEAST),
            _ => break,
        }
    }
    let gap: u16 = if total(&widths, 2) <= room + 2 { 2 } else { 1 };
    if let Some(rest) = rest {
        let left = (room + usize::from(gap)).saturating_sub(total(&widths, usize::from(gap)));
        widths[rest] = wished.min(widths[rest] + left);
    }
    (widths.map(|width| u16::try_from(width).unwrap_or(u16::MAX)), gap)
}
