//! The overview: how many keys each bar has.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::widgets::{line, mark_here, mark_row, next_row, paragraph};
use crate::operations::format::grouped;
use crate::tui::state::OverviewScreen;
use crate::tui::theme;

/// Cells of what a bar is of, on a screen that has room and on a narrow one.
const TITLE: (usize, usize) = (24, 17);
/// Cells of a number, and of the longest bar.
const NUMBER: usize = 11;
const LONGEST: usize = 60;

/// A row: the title of a chart, a bar with its number among all bars, or nothing.
enum Row<'a> {
    Title(&'a str),
    Bar(usize, String, Option<u64>, u64),
    Blank,
}

pub(crate) fn draw(frame: &mut Buffer, mut area: Rect, screen: &OverviewScreen) {
    if let Some(Err(error)) = &screen.counts {
        let place = Rect { x: area.x + 3, width: area.width.saturating_sub(6), ..area };
        paragraph(frame, place, &error.to_string(), theme::ERROR);
        return;
    }
    let width = usize::from(area.width);
    let title = if width < 80 { TITLE.1 } else { TITLE.0 };
    let rows = rows(screen, title);
    let selected = rows.iter().position(|row| matches!(row, Row::Bar(at, ..) if *at == screen.selected)).unwrap_or(0);
    // The title above the first bar is in sight with it.
    let top = (selected + 2).saturating_sub(usize::from(area.height)).min(if selected < 2 { 0 } else { usize::MAX });
    let height = usize::from(area.height);
    // The last row says how much there is below.
    let shown = if rows.len() > top + height { height.saturating_sub(1) } else { height };
    let below = rows.len().saturating_sub(top + shown);
    for row in rows.into_iter().skip(top).take(shown) {
        let place = next_row(&mut area);
        match row {
            Row::Blank => {}
            Row::Title(words) => line(frame, place, Line::styled(format!("  {words}"), theme::TITLE)),
            Row::Bar(at, words, count, most) => {
                let is_selected = at == screen.selected;
                let pointer = if is_selected { theme::POINTER } else { "  " };
                let room = width.saturating_sub(title + NUMBER + 5).min(LONGEST);
                let number = match (&screen.counts, count) {
                    (None, _) => "…".to_owned(),
                    (Some(_), None) => theme::NONE.to_owned(),
                    (Some(_), Some(count)) => grouped(count),
                };
                let spans = vec![
                    Span::raw(format!("{pointer}{words} ")),
                    Span::raw(format!("{number:>NUMBER$} ")),
                    Span::styled(theme::BAR.repeat(cells(count.unwrap_or(0), most, room)), theme::LINE),
                ];
                line(frame, place, Line::from(spans));
                mark_row(frame, place);
                if is_selected {
                    // Not the bar: reversed, it would look like none.
                    let words = u16::try_from(title + NUMBER + 3).unwrap_or(place.width).min(place.width);
                    frame.set_style(Rect { width: words, ..place }, theme::SELECTED);
                    mark_here(frame, place);
                }
            }
        }
    }
    if below > 0 {
        line(frame, area, Span::styled(format!("  {} {below} more lines", theme::BELOW), theme::QUIET));
    }
}

fn rows(screen: &OverviewScreen, cells: usize) -> Vec<Row<'_>> {
    let counts = screen.counts.as_ref().and_then(|counts| counts.as_ref().ok());
    let count = |at: usize| counts.and_then(|counts| counts.get(at).copied().flatten());
    let mut rows = Vec::new();
    let mut first = 0;
    for chart in &screen.charts {
        if first > 0 {
            rows.push(Row::Blank);
        }
        rows.push(Row::Title(chart.title));
        let most = (first..first + chart.bars.len()).filter_map(count).max().unwrap_or(0);
        for (at, bar) in (first..).zip(&chart.bars) {
            let words = bar.title.identity(cells);
            let blanks = " ".repeat(cells.saturating_sub(unicode_width::UnicodeWidthStr::width(words.as_str())));
            rows.push(Row::Bar(at, format!("{words}{blanks}"), count(at), most));
        }
        first += chart.bars.len();
    }
    rows
}

/// How long a bar is: what has any keys is seen.
fn cells(count: u64, most: u64, room: usize) -> usize {
    if count == 0 || most == 0 {
        return 0;
    }
    let cells = u128::from(count) * room as u128 / u128::from(most);
    usize::try_from(cells).unwrap_or(room).max(1)
}
