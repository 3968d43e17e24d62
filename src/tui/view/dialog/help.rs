//! The help: of the list, and of a dialog on top of it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::tui::keymap::Mode;
use crate::tui::state::{HelpDialog, HelpLine, PRESS, State};
use crate::tui::theme;
use crate::tui::view::widgets::{field, line, mark_here, mark_row, next_row, popup};

/// Rows that are not for lines: the border, the search and a blank below it.
const OTHER_ROWS: u16 = 4;
/// Cells between two columns.
const GAP: u16 = 3;

pub(crate) fn draw(frame: &mut Buffer, area: Rect, help: &HelpDialog, state: &State) -> Option<Position> {
    // The footer stays readable: it says what can be pressed.
    let area = Rect { height: area.height - 1, ..area };
    let lines = state.help_lines();
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).saturating_add(OTHER_ROWS);
    let split =
        state.has_wide_help().then(|| half(&lines)).filter(|at| rows(lines.len() - at).max(rows(*at)) <= area.height);
    let height = rows(split.map_or(lines.len(), |at| at.max(lines.len() - at)));
    let mut inside = popup(
        frame,
        area,
        state.help_width(),
        height,
        if help.of == Mode::List { "Help" } else { "Help: this dialog" },
    );
    let search = next_row(&mut inside);
    line(frame, search, Span::styled("Search: ", theme::QUIET));
    let cursor = field(
        frame,
        Rect { x: search.x + 8, width: search.width.saturating_sub(8).min(60), ..search },
        &help.typed,
        true,
    );
    next_row(&mut inside);
    if let Some(at) = split {
        let width = inside.width.saturating_sub(GAP) / 2;
        let columns = [(0, at, inside.x), (at, lines.len(), inside.right().saturating_sub(width))];
        for (from, to, x) in columns {
            let mut column = Rect { x, width, ..inside };
            for text in &lines[from..to] {
                draw_line(frame, next_row(&mut column), text);
            }
        }
        return cursor;
    }
    let top = help.top.min(lines.len().saturating_sub(usize::from(inside.height)));
    let rest = lines.len().saturating_sub(top + usize::from(inside.height));
    for text in lines.iter().skip(top).take(usize::from(inside.height)) {
        let row = next_row(&mut inside);
        if inside.height == 0 && rest > 0 && !matches!(text, HelpLine::Entry { is_selected: true, .. }) {
            line(frame, row, Span::styled(format!("{} {} more lines", theme::BELOW, rest + 1), theme::QUIET));
            break;
        }
        draw_line(frame, row, text);
    }
    cursor
}

/// Where the second of two columns begins: at a topic if the columns are much alike then, else at a press.
fn half(lines: &[HelpLine]) -> usize {
    let longer = |at: usize| at.max(lines.len() - at);
    let nearest = |is_start: fn(&HelpLine) -> bool| {
        let starts = lines.iter().enumerate().filter(|(_, line)| is_start(line)).map(|(at, _)| at);
        starts.min_by_key(|at| longer(*at)).unwrap_or(lines.len())
    };
    let of_topic = nearest(|line| matches!(line, HelpLine::Topic(_)));
    if longer(of_topic) <= lines.len() * 5 / 8 {
        of_topic
    } else {
        nearest(|line| match line {
            HelpLine::Entry { press, .. } => !press.is_empty(),
            line => matches!(line, HelpLine::Topic(_)),
        })
    }
}

fn draw_line(frame: &mut Buffer, row: Rect, text: &HelpLine) {
    match text {
        HelpLine::Topic(title) => line(frame, row, Span::styled(*title, theme::TITLE)),
        HelpLine::Words(words) => line(frame, row, Span::styled(words.as_str(), theme::QUIET)),
        HelpLine::Entry { press, words, is_selected } => {
            let press = Span::styled(format!("{press:<PRESS$}"), theme::PRESS);
            line(frame, row, Line::from(vec![press, Span::raw(words.as_str())]));
            mark_row(frame, row);
            if *is_selected {
                mark_here(frame, row);
                frame.set_style(row, theme::SELECTED);
            }
        }
    }
}
