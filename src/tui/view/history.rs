//! The screen of events.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Padding, Widget};

use super::admins::draw_unless_rows;
use super::body::say;
use super::table;
use super::table::{TableCell, TableColumn};
use super::when;
use super::widgets::{NARROW, field, line, line_right, paragraph};
use crate::domain::{Dates, KeyId, Untrusted};
use crate::operations::keys::activity::history;
use crate::operations::keys::activity::history::{Event, QUESTIONS};
use crate::operations::keys::changes::Times;
use crate::tui::state::{ClockReading, HistoryScreen, Panes};
use crate::tui::theme;

/// Cells of a name, an address and a value.
const CELLS: (usize, usize, usize) = (32, 45, 200);

/// From so many columns on there is room for whole names and times.
const WIDE: u16 = 100;

/// From so many on, for the ID of a key beside its label.
const VERY_WIDE: u16 = 160;

/// The columns of a key's history.
const OF_KEY: [TableColumn; 5] = [
    TableColumn::new("When", 0),
    TableColumn::new("What", 0),
    TableColumn::new("By", 2),
    TableColumn::new("From", 3),
    TableColumn::new("Details", 0).rest(),
];

/// The columns of all events, which have what they are about too.
const OF_ALL: [TableColumn; 6] = [
    TableColumn::new("When", 0),
    TableColumn::new("What", 0),
    TableColumn::new("About", 3),
    TableColumn::new("By", 2),
    TableColumn::new("From", 4),
    TableColumn::new("Details", 0).rest(),
];

/// The same where there is room for few: the rest is told of the selected event.
const OF_ALL_NARROW: [TableColumn; 4] = [
    TableColumn::new("When", 0),
    TableColumn::new("What", 0),
    TableColumn::new("About", 0).rest(),
    TableColumn::new("By", 2),
];

/// Draws the filter, or what is asked; gives the cursor's place while it is typed.
pub(crate) fn draw_bar(frame: &mut Buffer, area: Rect, screen: &HistoryScreen) -> Option<Position> {
    if screen.key.is_some() {
        return None;
    }
    let is_narrow = area.width < NARROW;
    if let Some(typed) = &screen.typed {
        line(frame, area, Span::styled(" / ", theme::PRESS));
        let width = area.width.saturating_sub(4).min(60);
        let cursor = field(frame, Rect { x: area.x + 3, width, ..area }, typed, true);
        if typed.text().is_empty() {
            let place = Rect { x: area.x + 5, width: width.saturating_sub(2), ..area };
            line(frame, place, Span::styled("who, what, since: jo deleted 7d", theme::FOCUS));
        }
        return cursor;
    }
    let hint = if is_narrow { "" } else { "(f next)" };
    let (title, kinds) = QUESTIONS[screen.question];
    let question = if kinds.is_empty() { String::new() } else { format!(" Only: {title} {hint} ") };
    let taken = line_right(frame, area, Line::styled(question, theme::WARNING));
    if !screen.filter.is_empty() {
        let text = Untrusted::new(&screen.filter).to_display(usize::from(area.width));
        let (name, hint) = if is_narrow { (" / ", "") } else { (" Filter: ", "  (Esc clear, / edit)") };
        let parts = [(name, theme::PRESS), (text.as_str(), Style::new()), (hint, theme::QUIET)];
        let spans = parts.map(|(text, style)| Span::styled(text.to_owned(), style));
        line(frame, Rect { width: area.width - taken, ..area }, Line::from(spans.to_vec()));
    }
    None
}

/// Draws the events, and the selected one whole.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, screen: &HistoryScreen, dates: Dates, now: ClockReading) {
    if let Some(why) = screen.wrong() {
        return say(frame, area, "This isn't a filter for events", &[why]);
    }
    if !draw_unless_rows(frame, area, &screen.rows, "Loading events…", "Can't load the events") {
        return;
    }
    let Some(selected) = screen.rows.selected() else {
        let doubt = screen.doubt();
        let (title, rest): (_, &[&str]) = if screen.has_more() {
            ("Looking for older events…", &[])
        } else if screen.filter.is_empty() && screen.question == 0 {
            ("No events", &[])
        } else {
            ("No such events", &["Esc shows more, / edits the filter."])
        };
        let rest: Vec<&str> =
            doubt.as_deref().filter(|_| !rest.is_empty()).into_iter().chain(rest.iter().copied()).collect();
        return say(frame, area, title, &rest);
    };
    let pane = Panes::event_rows(area.height.saturating_sub(1));
    let table = Rect { height: area.height - pane, ..area };
    let height = usize::from(table.height.saturating_sub(1));
    let top = screen.rows.top(height);
    let is_one = screen.key.is_some();
    let visible = || screen.rows.entries.iter().flatten().skip(top).take(height);
    let at = (0, screen.rows.selected - top);
    if is_one {
        let rows: Vec<_> = visible().map(|event| cells(event, area.width, dates, now)).collect();
        table::draw(frame, table, &OF_KEY, &rows, at);
    } else if area.width < NARROW {
        let rows = visible().map(|event| {
            let about = (about(event, area.width), Style::new());
            let [when, what, by, ..] = cells(event, area.width, dates, now);
            [when, what, about, by]
        });
        table::draw(frame, table, &OF_ALL_NARROW, &rows.collect::<Vec<_>>(), at);
    } else {
        let rows = visible().map(|event| {
            let about = about(event, area.width);
            let [when, what, by, from, details] = cells(&without_label(event), area.width, dates, now);
            [when, what, (about, Style::new()), by, from, details]
        });
        table::draw(frame, table, &OF_ALL, &rows.collect::<Vec<_>>(), at);
    }
    draw_event(frame, Rect { y: table.bottom(), height: pane, ..area }, selected, is_one, dates);
}

fn text(text: Option<&Untrusted>, cells: usize) -> TableCell {
    (text.map_or(String::new(), |text| text.to_display(cells)), Style::new())
}

/// What an event is about: the label of a key, and its ID as far as there is room.
fn about(event: &Event, width: u16) -> String {
    let id = event.key.as_ref().and_then(|id| KeyId::parse(id.raw_for_api()).ok());
    let (Some(id), Some(label)) = (id, event.label.as_ref().filter(|label| !label.is_empty())) else {
        return history::about(event).map_or_else(String::new, |about| about.to_display(CELLS.0));
    };
    match width {
        0..WIDE => label.identity(20),
        WIDE..VERY_WIDE => format!("{} {}", id.shortened(10), label.identity(24)),
        _ => format!("{} {}", id.shortened(CELLS.0), label.identity(40)),
    }
}

/// An event whose details needn't tell the label of the key, which is in another column.
fn without_label(event: &Event) -> Event {
    let is_whole = matches!(event.kind.raw_for_api(), "created" | "deleted") && event.label.is_some();
    let mut event = event.clone();
    event.changes.retain(|change| !is_whole || change.field.raw_for_api() != "label");
    event
}

fn cells(event: &Event, width: u16, dates: Dates, now: ClockReading) -> [TableCell; 5] {
    // Who did it stays where there is little room, if not whole.
    let name = match width {
        0..NARROW => 10,
        NARROW..WIDE => 14,
        WIDE..VERY_WIDE => 20,
        _ => CELLS.0,
    };
    let when =
        if width >= WIDE { when::minute(event.at, dates) } else { when::last_used(Some(event.at), now.utc, dates) };
    let what = history::what(event);
    let style = match event.kind.raw_for_api() {
        "refused" | "sign_in_refused" => theme::WARNING,
        "used" => theme::QUIET,
        _ => Style::new(),
    };
    [
        (when, Style::new()),
        (what, style),
        text(event.by.as_ref(), name),
        text(event.from.as_ref(), CELLS.1),
        (history::details(event, Times::Short, CELLS.2), Style::new()),
    ]
}

/// All that is known of an event.
fn draw_event(frame: &mut Buffer, area: Rect, event: &Event, is_one: bool, dates: Dates) {
    if area.height == 0 {
        return;
    }
    let block = Block::new()
        .borders(Borders::TOP)
        .border_set(theme::BORDER)
        .title(Line::styled(format!(" {} ", history::what(event)), theme::TITLE))
        .title(Line::styled(format!(" {} ", when::whole(event.at, dates)), theme::QUIET).right_aligned())
        .padding(Padding::horizontal(1));
    let inside = block.inner(area);
    block.render(area, frame);
    let part = |word: &str, text: Option<&Untrusted>, cells| {
        text.filter(|text| !text.is_empty()).map(|text| format!("{word}{}", text.identity(cells)))
    };
    let about = history::about(event).filter(|_| !is_one);
    let label = event.label.as_ref().filter(|label| !is_one && !label.is_empty());
    let who = [
        part("", about, KeyId::MAX_CHARS),
        label.map(|label| format!("“{}”", label.identity(CELLS.0 * 2))),
        part("by ", event.by.as_ref(), CELLS.0 * 2),
        part("from ", event.from.as_ref(), CELLS.1),
    ];
    let who = who.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let told = if is_one { event } else { &without_label(event) };
    let details = history::details(told, Times::Short, CELLS.2 * 3);
    let words = [who, details].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
    let between = if inside.height < 3 { ": " } else { "\n" };
    let mut rest = inside;
    if between == "\n" {
        for words in &words {
            rest = paragraph(frame, rest, words, Style::new());
        }
    } else {
        paragraph(frame, rest, &words.join(between), Style::new());
    }
}
