//! The details of a key.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{NARROW, line, next_row, wrap};
use crate::domain::key::fields;
use crate::domain::key::fields::{FIELDS, FieldValue, KeyField, Row};
use crate::domain::{AccessKey, ConfusableWarning, Dates, KeyUsage, Status};
use crate::operations::format::relative;
use crate::operations::handover;
use crate::operations::handover::Handover;
use crate::operations::keys::activity::refusals::Refusals;
use crate::operations::keys::activity::usage;
use crate::operations::keys::rotate;
use crate::tui::state::{ClockReading, State};
use crate::tui::theme;

/// A name, what is behind it, and how that looks.
type DetailRow = (&'static str, String, Style);

/// A line of the details: a name in so many columns, and what is told beside it.
struct DetailLine {
    columns: u16,
    name: &'static str,
    text: String,
    style: Style,
}

/// The name of an access key ID where there is little room.
const SHORT_ID: &str = "ID";
/// Columns of the names of facts, and of their short ones.
const NAMES: (u16, u16) = (15, 10);

/// Draws the selected key's details, from the line on that was scrolled to.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    let beside = area.x > 0;
    let mut block = Block::new()
        .borders(if beside { Borders::LEFT } else { Borders::TOP })
        .border_set(theme::BORDER)
        .border_style(theme::LINE)
        .title(Line::styled(" Details ", theme::TITLE))
        .padding(Padding::horizontal(1));
    let mut inside = block.inner(area);
    if beside {
        next_row(&mut inside);
    }
    let Some(key) = state.list.selected_key() else {
        block.render(area, frame);
        return line(frame, inside, "No key selected");
    };
    let (lines, is_whole) = details(key, state, inside, now);
    let (top, more) = scrolled(lines.len(), usize::from(inside.height), state.details_page(&key.id));
    let mut title = Line::default();
    if !is_whole {
        let (status, style) = theme::status_of(key);
        title.push_span(Span::styled(format!(" {status} "), style));
    }
    if let Some((more, press)) = more {
        let lines = if area.width < NARROW { "" } else { " lines" };
        title.push_span(Span::styled(format!(" {more}{lines} ({press}) "), theme::PRESS));
    }
    block = block.title_top(title.right_aligned());
    block.render(area, frame);
    for one in lines.iter().skip(top).take(inside.height.into()) {
        draw_line(frame, next_row(&mut inside), one);
    }
}

/// The first line on screen, and how many lines there are above or below with the press that shows them. After the last
/// page comes the first.
fn scrolled(lines: usize, height: usize, page: i32) -> (usize, Option<(String, &'static str)>) {
    let most = lines.saturating_sub(height);
    let step = height.saturating_sub(1).max(1); // a line of the page before stays
    let pages = i32::try_from(most.div_ceil(step) + 1).unwrap_or(i32::MAX);
    let page = usize::try_from(page.rem_euclid(pages)).unwrap_or(0);
    let top = (page * step).min(most);
    let words = match (most, most - top) {
        (0, _) => None,
        (_, 0) => Some((format!("{} {top} more", theme::ABOVE), "K")),
        (_, below) => Some((format!("{} {below} more", theme::BELOW), "J")),
    };
    (top, words)
}

/// The lines of the details: whole facts if there is room for them, else the most useful first; and whether all fit.
fn details(key: &AccessKey, state: &State, area: Rect, now: ClockReading) -> (Vec<DetailLine>, bool) {
    let (width, height) = (area.width, usize::from(area.height));
    let handed = state.hand_overs.of(&key.id);
    let handed = handed.map(|handover| ("", handed_over(handover, state.dates), theme::WARNING));
    let first: Vec<DetailLine> = handed.into_iter().flat_map(|row| lines_of(row, 0, width)).collect();
    let refused = state.usage.refused(&key.id);
    let read = state.usage.of(&key.id).filter(|_| state.usage.is_known());
    let mut usage = read.map_or_else(Vec::new, |read| usage_lines(read, state.dates, width));
    // Whatever is known of its use later, the facts stay as they are.
    let room = height.saturating_sub(first.len() + usize::from(state.usage.is_known()));
    let whole = whole_facts(key, width, room, refused, state.dates, now);
    let count = whole.as_ref().map_or(usize::MAX, Vec::len).saturating_add(first.len() + usage.len());
    if count > height {
        usage.sort_by_key(|line| line.style != theme::WARNING); // a leak is noticed without scrolling
    }
    let (mut facts, mut last) = (whole.unwrap_or_default(), Vec::new());
    if facts.is_empty() {
        let (before, after) = in_short(key, (width, usize::MAX), refused, state.dates, now);
        let lines = |row: DetailRow| short_lines(row, width);
        let refusals = usage.iter().take_while(|line| line.style == theme::WARNING).count();
        let mut before = before.into_iter();
        facts = before.by_ref().take(2).flat_map(lines).collect();
        facts.extend(usage.drain(..refusals));
        facts.extend(before.flat_map(lines));
        last = after.into_iter().flat_map(lines).collect();
    }
    let lines: Vec<DetailLine> = first.into_iter().chain(facts).chain(usage).chain(last).collect();
    let is_whole = lines.len() <= height;
    (lines, is_whole)
}

/// What there is to say of a secret that is handed over, and the press for it.
fn handed_over(handover: &Handover, dates: Dates) -> String {
    let time = |at| when::minute(at, dates);
    let (words, press) = match handover::alarm(handover, &handover::name(handover), time) {
        Some(words) => (words, "B shows what to do"),
        None => (handover::waits(handover, time), "B takes it back"),
    };
    format!("{words} {press}.")
}

/// Why a key may be taken for another.
pub(crate) fn confusable(key: &AccessKey) -> Option<ConfusableWarning> {
    FIELDS.iter().filter(|field| matches!(field.row, Row::Own(_))).find_map(|field| match (field.value)(key) {
        FieldValue::Id(id) => id.confusable(),
        FieldValue::Text(text) => text?.confusable(),
        _ => None,
    })
}

/// Draws what is known of a key: in full if there is room, else with its texts in a row each, else a row for each fact,
/// the most useful first; gives the rows below.
pub(crate) fn facts(
    frame: &mut Buffer,
    mut area: Rect,
    key: &AccessKey,
    refused: Option<&Refusals>,
    dates: Dates,
    now: ClockReading,
) -> Rect {
    let lines = whole_facts(key, area.width, area.height.into(), refused, dates, now).unwrap_or_else(|| {
        let (before, after) = in_short(key, (area.width, area.width.into()), refused, dates, now);
        let status = ("Status", status(key).0, status(key).1);
        let rows = before.into_iter().chain(after).chain([status]);
        let one = |(name, text, style): DetailRow| {
            let columns = short_columns(name, &text, area.width);
            DetailLine { columns, name, text: text.replace('\n', " "), style }
        };
        rows.map(one).collect()
    });
    for one in lines.iter().take(area.height.into()) {
        draw_line(frame, next_row(&mut area), one);
    }
    area
}

/// Whole facts, or with their ID and texts in fewer cells, if that takes so many rows at the most.
fn whole_facts(
    key: &AccessKey,
    width: u16,
    height: usize,
    refused: Option<&Refusals>,
    dates: Dates,
    now: ClockReading,
) -> Option<Vec<DetailLine>> {
    let (all, row) = (usize::from(width) * height, usize::from(width));
    let beside = usize::from(width.saturating_sub(NAMES.0));
    [(all, all), (4 * row, 2 * row), (beside, beside)].into_iter().find_map(|texts| {
        let full = in_full(key, texts, beside, refused, dates, now);
        let lines: Vec<DetailLine> = full.into_iter().flat_map(|row| lines_of(row, NAMES.0, width)).collect();
        (lines.len() <= height).then_some(lines)
    })
}

/// Each fact whole, but ID and texts in so many cells.
fn in_full(
    key: &AccessKey,
    (id, text): (usize, usize),
    beside: usize,
    refused: Option<&Refusals>,
    dates: Dates,
    now: ClockReading,
) -> Vec<DetailRow> {
    let mut facts = Vec::new();
    for field in fields::rows() {
        let (words, style) = match (field.value)(key) {
            FieldValue::Id(value) => (value.identity(id), Style::new()),
            FieldValue::Ago(Some(at)) | FieldValue::Until(Some(at)) => {
                (format!("{} ({})", when::whole(at, dates), relative(at, now.utc)), Style::new())
            }
            FieldValue::At(at) => (when::whole(at, dates), Style::new()),
            value => in_words(value, text),
        };
        let (words, style) = if field.name == "status" { status(key) } else { (words, style) };
        facts.push((field.title, with_behind(words, field, key, beside), style));
        if let (true, Some(at)) = (field.name == "status", again(key)) {
            let words = format!("{} ({})", when::whole(at, dates), relative(at, now.utc));
            facts.push((fields::AGAIN, words, Style::new()));
            facts.extend(refused.map(|refused| meanwhile(refused, dates, now)));
        }
        if field.name == "status" {
            facts.extend(rotation(key, dates, now, true));
        }
        if field.name == "label" {
            facts.extend(confusable(key).map(|confusable| ("", confusable.words().to_owned(), theme::WARNING)));
        }
    }
    facts
}

/// The status with its mark.
fn status(key: &AccessKey) -> (String, Style) {
    let (words, style) = theme::status_of(key);
    (words.to_owned(), style)
}

/// What was refused of a key since it was deactivated.
fn meanwhile(refused: &Refusals, dates: Dates, now: ClockReading) -> DetailRow {
    let style = if refused.are_none() { Style::new() } else { theme::WARNING };
    ("Requests", refused.in_words(now.utc, dates), style)
}

/// When a key becomes active again by itself.
fn again(key: &AccessKey) -> Option<DateTime<Utc>> {
    key.reactivates_at.filter(|_| key.status == Status::Inactive)
}

/// Each fact in few words and with texts in so many cells, the most useful first, beside names in a pane of so many
/// columns; and those that can wait. Not the status, which the frame has.
fn in_short(
    key: &AccessKey,
    (width, cells): (u16, usize),
    refused: Option<&Refusals>,
    dates: Dates,
    now: ClockReading,
) -> (Vec<DetailRow>, Vec<DetailRow>) {
    let mut fields: Vec<&KeyField> = fields::by_rank().into_iter().map(|place| &FIELDS[place]).collect();
    fields.retain(|field| matches!(field.row, Row::Own(_)) && field.name != "status");
    let beside = usize::from(width.saturating_sub(NAMES.1));
    let fact = |field: &KeyField| {
        let (title, (words, style)) = match (field.value)(key) {
            FieldValue::Id(id) => (SHORT_ID, (id.identity(usize::from(width)), Style::new())),
            FieldValue::Ago(Some(at)) => (field.title, (relative(at, now.utc), Style::new())),
            FieldValue::Until(Some(at)) => {
                (field.title, (format!("{} ({})", when::minute(at, dates), relative(at, now.utc)), Style::new()))
            }
            FieldValue::At(at) => (field.title, (when::minute(at, dates), Style::new())),
            value => (field.title, in_words(value, cells)),
        };
        (title, with_behind(words, field, key, beside), style)
    };
    let (last, first): (Vec<&KeyField>, Vec<&KeyField>) = fields.into_iter().partition(|field| field.name == "note");
    let mut facts: Vec<DetailRow> = first.into_iter().map(fact).collect();
    let again = again(key).map(|at| {
        let words = format!("{} ({})", when::minute(at, dates), relative(at, now.utc));
        let refused = refused.map(|refused| meanwhile(refused, dates, now));
        [("Off until", words, Style::new())].into_iter().chain(refused)
    });
    // The ID and the label come first.
    let more = rotation(key, dates, now, false).into_iter().chain(again.into_iter().flatten());
    for (at, fact) in (2..).zip(more.collect::<Vec<_>>()) {
        facts.insert(at.min(facts.len()), fact);
    }
    (facts, last.into_iter().map(fact).collect())
}

/// The other key of a rotation that is under way; a use of a key after its rotation ended.
fn rotation(key: &AccessKey, dates: Dates, now: ClockReading, in_full: bool) -> Vec<DetailRow> {
    // Where there is little room, the expiry tells until when.
    let until = |end| if in_full { format!(" (works until {})", when::whole(end, dates)) } else { String::new() };
    let pair = rotate::other(key, until).map(|words| ("Rotation", words, theme::WARNING));
    let late = rotate::late_use(key, now.utc).map(|when| {
        let words = if in_full {
            format!("Used after its rotation ended: {when}; someone still has it")
        } else {
            format!("{when}, after its rotation ended")
        };
        (rotate::LATE_USE, words, theme::ERROR)
    });
    pair.into_iter().chain(late).collect()
}

/// A value that reads alike wherever it is shown, with its style.
fn in_words(value: FieldValue<'_>, cells: usize) -> (String, Style) {
    if let Some(words) = value.missing() {
        return (words.to_owned(), Style::new());
    }
    match value {
        FieldValue::Text(Some(text)) => (text.identity(cells), Style::new()),
        FieldValue::Status(status) => {
            let (words, style) = theme::status(status);
            (words.to_owned(), style)
        }
        _ => (fields::NEVER.to_owned(), Style::new()),
    }
}

/// Words of a field with what is shown behind it, which begins a line where it doesn't fit into the last one of so
/// many cells.
fn with_behind(words: String, field: &KeyField, key: &AccessKey, cells: usize) -> String {
    let Some((word, other)) = field.behind() else { return words };
    let behind = match (other.value)(key) {
        FieldValue::Text(Some(text)) if !text.is_empty() => format!("{word} {}", text.to_display(40)),
        _ => return words,
    };
    let end = wrap(&words, cells).last().map_or(0, |line| line.width());
    let between = if end + 1 + behind.width() <= cells { ' ' } else { '\n' };
    format!("{words}{between}{behind}")
}

/// How a key was used, in lines of so many cells.
fn usage_lines(read: &KeyUsage, dates: Dates, width: u16) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    let beside = usize::from(width.saturating_sub(NAMES.0));
    for (at, (title, text)) in usage::facts(read, dates).into_iter().enumerate() {
        let style = if title == usage::REFUSED { theme::WARNING } else { Style::new() };
        // What was never used has no strip.
        let strip = if at == 0 && read.uses() > 0 { usage::strip(&read.series()) } else { String::new() };
        let title = if at == 0 { fields::USES } else { title };
        if strip.is_empty() {
            lines.extend(lines_of((title, text, style), NAMES.0, width));
        } else if strip.width() + 2 + text.width() <= beside {
            lines.extend(lines_of((title, format!("{strip}  {text}"), style), NAMES.0, width));
        } else {
            lines.extend(lines_of((title, text, style), NAMES.0, width));
            lines.extend(lines_of(("", strip, style), 0, width));
        }
    }
    lines
}

/// A fact beside its short name.
fn short_lines(row: DetailRow, width: u16) -> Vec<DetailLine> {
    let columns = short_columns(row.0, &row.1, width);
    lines_of(row, columns, width)
}

/// Columns of a short name: a long ID needs some of them.
fn short_columns(name: &str, text: &str, width: u16) -> u16 {
    let is_wide = name == SHORT_ID && text.width() + usize::from(NAMES.1) > usize::from(width);
    if is_wide { 3 } else { NAMES.1 }
}

/// A fact in as many lines as it takes, beside its name in so many columns.
fn lines_of((name, text, style): DetailRow, columns: u16, width: u16) -> Vec<DetailLine> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let lines = wrap(&text, usize::from(width.saturating_sub(columns)));
    names.zip(lines).map(|(name, text)| DetailLine { columns, name, text, style }).collect()
}

fn draw_line(frame: &mut Buffer, area: Rect, one: &DetailLine) {
    let indent = one.columns.min(area.width);
    line(frame, Rect { width: indent, ..area }, Line::styled(one.name, theme::QUIET));
    let beside = Rect { x: area.x + indent, width: area.width - indent, ..area };
    line(frame, beside, Line::styled(one.text.as_str(), one.style));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_scrolled_to_and_after_the_last_page_comes_the_first() {
        assert_eq!(scrolled(9, 9, 3), (0, None));
        let tops = |lines, height| (0..5).map(|page| scrolled(lines, height, page).0).collect::<Vec<_>>();
        assert_eq!(tops(13, 9), [0, 4, 0, 4, 0]);
        assert_eq!(tops(13, 5), [0, 4, 8, 0, 4]);
        assert_eq!(scrolled(13, 5, -1).0, 8);
        assert_eq!(scrolled(13, 9, 0).1, Some((format!("{} 4 more", theme::BELOW), "J")));
        assert_eq!(scrolled(13, 9, 1).1, Some((format!("{} 4 more", theme::ABOVE), "K")));
        for (lines, height) in (1..40).flat_map(|lines| (1..20).map(move |height| (lines, height))) {
            let seen: std::collections::HashSet<usize> =
                (0..40).flat_map(|page| (0..height).map(move |row| scrolled(lines, height, page).0 + row)).collect();
            assert!((0..lines).all(|line| seen.contains(&line)), "{lines} in {height}");
        }
    }
}
