//! The form of results, and how values read in sentences.

use chrono::{DateTime, Local, SecondsFormat, Utc};
use clap::ValueEnum;

use crate::domain::key::fields;
use crate::domain::key::fields::{FIELDS, FieldValue, KeyField};
use crate::domain::{AccessKey, KeyId, Rotation, Untrusted};

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns
    #[default]
    Table,
    /// JSON; errors on standard error are JSON too
    Json,
    /// CSV with a header row
    Csv,
    /// Tab-separated values with a header row
    Tsv,
}

/// A text for a cell of a row. Spreadsheets run what begins with `= + - @`: an apostrophe before it makes it text (OWASP,
/// "CSV Injection"). For exact text there is JSON. Control characters are shown, never written.
pub fn cell(text: &str) -> String {
    let shown = Untrusted::new(text).to_display(usize::MAX);
    // The wide forms too: a spreadsheet may take them for the same (OWASP, CSV Injection).
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        format!("'{shown}")
    } else {
        shown
    }
}

/// RFC 3339 in UTC, whole seconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A key as tab-separated text, in the order of the fields: the row of `--output tsv`.
pub(crate) fn tab_separated(key: &AccessKey) -> String {
    let cells = fields::record_fields().iter().map(|field| cell(&(field.value)(key).raw(time).unwrap_or_default()));
    cells.collect::<Vec<_>>().join("\t")
}

pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// A month and a year of the Gregorian calendar on average, in days.
pub(crate) const MONTH: u64 = 30;
pub(crate) const YEAR: u64 = 365;

/// So many seconds to come, in whole minutes: what was set to 24 hours is 24 hours away a moment later too.
pub(crate) const fn to_come(seconds: u64) -> u64 {
    if seconds < MINUTE { seconds } else { seconds.next_multiple_of(MINUTE) }
}

/// "5 min ago", "in 12 days", "1 y 9 mo ago".
pub(crate) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let is_past = seconds >= 0;
    let seconds = if is_past { seconds.unsigned_abs() } else { to_come(seconds.unsigned_abs()) };
    let days = seconds / DAY;
    let span = match (seconds, days) {
        (0..MINUTE, _) => return if is_past { "just now".into() } else { "in under a minute".into() },
        (MINUTE..HOUR, _) => format!("{} min", seconds / MINUTE),
        (HOUR..=DAY, _) => format!("{} h", seconds / HOUR),
        (_, 0..60) => counted(days, "day"),
        (_, 60..YEAR) => counted(days / MONTH, "month"),
        _ if !is_past && days < 2 * YEAR => counted(days / MONTH, "month"),
        _ => match (days / YEAR, days % YEAR / MONTH) {
            (years, 0) => format!("{years} y"),
            (years, months) => format!("{years} y {} mo", months.min(11)),
        },
    };
    if is_past { format!("{span} ago") } else { format!("in {span}") }
}

fn counted(count: u64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// ISO 8601 in the local time zone with its offset from UTC, whole seconds: for sentences.
pub(crate) fn local_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The value of a key's field in a sentence; empty if there is none. Text of a server takes `cells` at the most.
pub(crate) fn in_words(value: FieldValue<'_>, cells: usize) -> String {
    match value {
        FieldValue::Id(id) => id.to_display(KeyId::MAX_CHARS * 8),
        FieldValue::Text(text) => text.map_or(String::new(), |text| text.to_display(cells)),
        FieldValue::Status(status) => status.as_str().to_owned(),
        FieldValue::At(at) => local_time(at),
        FieldValue::Ago(at) | FieldValue::Until(at) => at.map_or(fields::NEVER.to_owned(), local_time),
        FieldValue::Uses(_) => String::new(),
    }
}

/// Cells of a text in a line about a key.
const LINE_CELLS: usize = 100;

/// A key in one line: the label first, since it is what a reader looks for; times, and other texts if there are any,
/// after their titles.
pub(crate) fn key_in_line(key: &AccessKey) -> String {
    let mut told: Vec<_> = fields::by_rank().into_iter().map(|place| &FIELDS[place]).collect();
    told.retain(|field| field.in_line);
    told.sort_by_key(|field| field.name != "label");
    let part = |field: &KeyField| {
        let value = (field.value)(key);
        let words = in_words(value, LINE_CELLS);
        let title = field.title.to_lowercase();
        match value {
            FieldValue::Text(_) if words.is_empty() => (field.name == "label").then(|| format!("(no {title})")),
            FieldValue::Text(_) if field.name == "label" => Some(words),
            FieldValue::Id(_) => Some(words),
            FieldValue::Status(_) => Some(key.rotation.as_ref().map_or(words.clone(), |rotation| {
                let pair = if matches!(rotation, Rotation::Replaces(_)) { "replaces" } else { "replaced by" };
                format!("{words}, {pair} {}", rotation.other().to_display(LINE_CELLS))
            })),
            FieldValue::Text(_) | FieldValue::At(_) | FieldValue::Ago(_) | FieldValue::Until(_) => {
                Some(format!("{title} {words}"))
            }
            FieldValue::Uses(_) => None,
        }
    };
    told.into_iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!((grouped(0), grouped(999), grouped(1_000_000)), ("0".into(), "999".into(), "1,000,000".into()));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("\t=1", "'^I=1"),
            ("plain", "plain"),
            ("a\u{1b}[31m\nb", "a^[[31m\\nb"),
            ("", ""),
        ] {
            assert_eq!(cell(text), safe);
        }
    }
}
