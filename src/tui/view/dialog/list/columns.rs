//! The dialog that chooses the columns of the list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::key::fields::FIELDS;
use crate::tui::state::ColumnsDialog;
use crate::tui::theme;
use crate::tui::view::widgets::{NARROW, line, mark_here, mark_row, next_row, paragraph, popup};

/// What the choice means.
const CHOSEN: &str = "The list has these columns, from the left, as far as they fit.";
const AUTOMATIC: &str = "All columns that fit. Space, K and J change that.";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &ColumnsDialog) {
    let rows = u16::try_from(dialog.entries.len()).unwrap_or(u16::MAX);
    let mut rest = popup(frame, area, NARROW, rows.saturating_add(5), "Columns");
    let has_room = rest.height >= rows + 2;
    let height = usize::from(rest.height).min(dialog.entries.len());
    let top = (dialog.selected + 1).saturating_sub(height);
    for (at, &(index, is_shown)) in dialog.entries.iter().enumerate().skip(top).take(height) {
        let row = next_row(&mut rest);
        let pointer = if at == dialog.selected { theme::POINTER } else { "  " };
        let mark = if is_shown { "[x] " } else { "[ ] " };
        line(frame, row, Line::from(vec![Span::raw(pointer), Span::raw(mark), Span::raw(FIELDS[index].column.title)]));
        mark_row(frame, row);
        if at == dialog.selected {
            frame.set_style(row, theme::SELECTED);
            mark_here(frame, row);
        }
    }
    if has_room {
        next_row(&mut rest);
        paragraph(frame, rest, if dialog.is_automatic { AUTOMATIC } else { CHOSEN }, theme::QUIET);
    }
}
