//! The dialog that chooses the columns of the list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::key::fields::FIELDS;
use crate::tui::state::{ClockReading, ColumnsDialog, State};
use crate::tui::theme;
use crate::tui::view::list::{Unseen, unseen};
use crate::tui::view::widgets::{NARROW, line, line_right, mark_here, mark_row, next_row, paragraph, popup};

/// What the choice means.
const CHOSEN: &str = "The list has these columns, from the left.";
const AUTOMATIC: &str = "All columns that fit. Space, K and J change that.";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &ColumnsDialog, state: &State, now: ClockReading) {
    let unseen = unseen(state, now);
    let rows = u16::try_from(dialog.entries.len()).unwrap_or(u16::MAX);
    let mut rest = popup(frame, area, NARROW, rows.saturating_add(6), "Columns");
    let has_room = rest.height >= rows + 2;
    let height = usize::from(rest.height).min(dialog.entries.len());
    let top = (dialog.selected + 1).saturating_sub(height);
    for (at, &(index, is_shown)) in dialog.entries.iter().enumerate().skip(top).take(height) {
        let row = next_row(&mut rest);
        let pointer = if at == dialog.selected { theme::POINTER } else { "  " };
        let mark = if is_shown { "[x] " } else { "[ ] " };
        line(frame, row, Line::from(vec![Span::raw(pointer), Span::raw(mark), Span::raw(FIELDS[index].column.title)]));
        let why = unseen.iter().find(|(of, _)| is_shown && *of == index).map(|(_, why)| match why {
            Unseen::NoRoom => ("doesn't fit ", theme::WARNING),
            Unseen::Empty => ("empty ", theme::QUIET),
        });
        if let Some((word, style)) = why {
            line_right(frame, row, Line::styled(word, style));
        }
        mark_row(frame, row);
        if at == dialog.selected {
            frame.set_style(row, theme::SELECTED);
            mark_here(frame, row);
        }
    }
    if has_room {
        next_row(&mut rest);
        let words = if dialog.is_automatic { AUTOMATIC } else { CHOSEN };
        paragraph(frame, rest, &format!("{words} {}", fit(state, &unseen)), theme::QUIET);
    }
}

/// How many of the columns that should be there are.
fn fit(state: &State, unseen: &[(usize, Unseen)]) -> String {
    let without_room = unseen.iter().filter(|(_, why)| *why == Unseen::NoRoom).count();
    let all = state.columns.indices().len() - (unseen.len() - without_room);
    let width = state.panes().list_width;
    match without_room {
        0 => String::new(),
        _ => format!("{} of {all} fit in {width} cells.", all - without_room),
    }
}
