//! The details of a key.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{line, next_row, paragraph, rows};
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

/// Rows of the use of a key, if there is room.
const USAGE_ROWS: u16 = 6;

/// The name of an access key ID where there is little room.
const SHORT_ID: &str = "ID";
/// Columns of the names of facts, and of their short ones.
const NAMES: (u16, u16) = (15, 10);

/// Draws the selected key's details.
pub(crate) fn draw(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    let beside = area.x > 0;
    let mut block = Block::new()
        .borders(if beside { Borders::LEFT } else { Borders::TOP })
        .border_set(theme::BORDER)
        .border_style(theme::LINE)
        .title(Line::styled(" Details ", theme::TITLE))
        .padding(Padding::horizontal(1));
    // A row more for a rotation leaves none for it either.
    let least = state.list.selected_key().map_or(6, |key| 6 + 5 * u16::from(has_rotation(key)));
    if area.height <= least
        && let Some(key) = state.list.selected_key()
    {
        // There is no row for it.
        let (status, style) = theme::status_of(key);
        block = block.title_top(Line::styled(format!(" {status} "), style).right_aligned());
    }
    let mut inside = block.inner(area);
    block.render(area, frame);
    if beside {
        next_row(&mut inside);
    }
    if let Some(handover) = state.list.selected_key().and_then(|key| state.hand_overs.of(&key.id)) {
        inside = paragraph(frame, inside, &handed_over(handover, state.dates), theme::WARNING);
    }
    match state.list.selected_key() {
        Some(key) if state.usage.is_known() => {
            let room = (inside.height / 5).min(USAGE_ROWS);
            let rest = facts(
                frame,
                Rect { height: inside.height - room, ..inside },
                key,
                state.usage.refused(&key.id),
                state.dates,
                now,
            );
            let rest = Rect { height: inside.bottom() - rest.y, ..rest };
            usage_rows(frame, rest, state.usage.of(&key.id), state.dates);
        }
        Some(key) => {
            facts(frame, inside, key, state.usage.refused(&key.id), state.dates, now);
        }
        None => line(frame, inside, "No key selected"),
    }
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
    let width = usize::from(area.width);
    let beside = area.width.saturating_sub(NAMES.0);
    let whole = width * usize::from(area.height);
    for texts in [(whole, whole), (4 * width, 2 * width), (usize::from(beside), usize::from(beside))] {
        let full = in_full(key, texts, refused, dates, now);
        if full.iter().map(|(_, text, _)| rows(text, beside)).sum::<u16>() <= area.height {
            for text in &full {
                area = fact(frame, area, (NAMES.0, false), text);
            }
            return area;
        }
    }
    let mut short = in_short(key, width, dates, now);
    if let Some(at) = again(key) {
        let words = format!("{} ({})", when::minute(at, dates), relative(at, now.utc));
        let rows = [Some(("Off until", words, Style::new())), refused.map(|refused| meanwhile(refused, dates, now))];
        short.splice(1..1, rows.into_iter().flatten());
    }
    for text in short {
        let is_wide = text.0 == SHORT_ID && text.1.width() + usize::from(NAMES.1) > width;
        area = fact(frame, area, (if is_wide { 3 } else { NAMES.1 }, true), &text);
    }
    area
}

/// Each fact whole, but ID and texts in so many cells.
fn in_full(
    key: &AccessKey,
    (id, text): (usize, usize),
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
        facts.push((field.title, words + &behind(field, key), style));
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

/// Each fact in a row, the most useful first; the status is last, since a frame that is too low has it in its title.
fn in_short(key: &AccessKey, width: usize, dates: Dates, now: ClockReading) -> Vec<DetailRow> {
    let mut fields: Vec<&KeyField> = fields::by_rank().into_iter().map(|place| &FIELDS[place]).collect();
    fields.retain(|field| matches!(field.row, Row::Own(_)));
    fields.sort_by_key(|field| matches!((field.value)(key), FieldValue::Status(_)));
    let fact = |field: &KeyField| {
        let (title, (words, style)) = match (field.value)(key) {
            FieldValue::Id(id) => (SHORT_ID, (id.identity(width), Style::new())),
            FieldValue::Ago(Some(at)) => (field.title, (relative(at, now.utc), Style::new())),
            FieldValue::Until(Some(at)) => {
                (field.title, (format!("{} ({})", when::minute(at, dates), relative(at, now.utc)), Style::new()))
            }
            FieldValue::At(at) => (field.title, (when::minute(at, dates), Style::new())),
            FieldValue::Status(_) => (field.title, status(key)),
            value => (field.title, in_words(value, width)),
        };
        (title, words + &behind(field, key), style)
    };
    let mut facts: Vec<DetailRow> = fields.into_iter().map(fact).collect();
    // The ID and the label come first.
    for (at, fact) in (2..).zip(rotation(key, dates, now, false)) {
        facts.insert(at.min(facts.len()), fact);
    }
    facts
}

const fn has_rotation(key: &AccessKey) -> bool {
    key.rotation.is_some() || key.late_use_at.is_some()
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

/// What is shown behind a field, if there is anything.
fn behind(field: &KeyField, key: &AccessKey) -> String {
    let Some((word, other)) = field.behind() else { return String::new() };
    match (other.value)(key) {
        FieldValue::Text(Some(text)) if !text.is_empty() => format!(" {word} {}", text.to_display(40)),
        _ => String::new(),
    }
}

/// Draws how a key was used, in as many rows as there are; what isn't known yet is left out.
fn usage_rows(frame: &mut Buffer, mut area: Rect, read: Option<&KeyUsage>, dates: Dates) {
    let Some(read) = read else { return };
    let strip = usage::strip(&read.series());
    // Where there is no row for them, they are told in the first one.
    let refused = if area.height == 1 { usage::refused_in_short(read) } else { None };
    for (at, (title, text)) in usage::facts(read, dates).into_iter().enumerate() {
        let (title, text, style) = match (at, &refused) {
            (0, Some(refused)) => (fields::USES, format!("{text}, {refused}"), theme::WARNING),
            (0, None) => (fields::USES, text, Style::new()),
            _ if title == usage::REFUSED => (title, text, theme::WARNING),
            _ => (title, text, Style::new()),
        };
        let beside = usize::from(area.width.saturating_sub(NAMES.0));
        if at == 0 && strip.width() + 2 + text.width() <= beside {
            area = fact(frame, area, (NAMES.0, true), &(title, format!("{strip}  {text}"), style));
            continue;
        }
        area = fact(frame, area, (NAMES.0, area.height < USAGE_ROWS), &(title, text, style));
        if at == 0 {
            line(frame, next_row(&mut area), strip.as_str());
        }
    }
}

/// Draws a name in so many columns, and beside it what is told of it, in one row or as many as it takes; gives the rows
/// below.
fn fact(frame: &mut Buffer, area: Rect, (columns, in_one): (u16, bool), (name, text, style): &DetailRow) -> Rect {
    let indent = columns.min(area.width);
    line(frame, Rect { width: indent, ..area }, Line::styled(*name, theme::QUIET));
    let mut beside = Rect { x: area.x + indent, width: area.width - indent, ..area };
    if in_one {
        line(frame, next_row(&mut beside), Line::styled(text.as_str(), *style));
    } else {
        beside = paragraph(frame, beside, text, *style);
    }
    Rect { x: area.x, width: area.width, ..beside }
}
