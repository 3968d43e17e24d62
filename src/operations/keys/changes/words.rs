//! Changes one by one, in words.

use chrono::{DateTime, Local, Utc};

use super::{EXPIRES_AT, PAIR, REACTIVATES_AT, STATUS, again};
use crate::client::FieldChange;
use crate::domain::key::fields;
use crate::domain::{Status, Untrusted};
use crate::operations::format::local_time;
use crate::operations::messages;

/// How an enumeration of changes reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tense {
    /// Each with the value that it had: `expires 2027-12-31 (was 2026-12-09)`.
    Edited,
    /// The values alone, of what was created or deleted: `label “backup”, expires 2027-12-31`.
    Whole,
}

/// How a time reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// The date here; with the time of day where two dates are the same.
    Short,
    /// Date and time here, with the offset from UTC.
    Zoned,
}

/// Changes in words, a text in so many cells; empty if there are none.
pub(crate) fn in_words(changes: &[FieldChange], tense: Tense, times: Times, cells: usize) -> String {
    let is_on = changes.iter().any(|change| switched(change) == Some("activated"));
    // With its activation, the time of another one is gone.
    let is_told = |change: &&FieldChange| !(is_on && change.field.raw_for_api() == REACTIVATES_AT);
    changes.iter().filter(is_told).map(|change| one(change, tense, times, cells)).collect::<Vec<_>>().join(", ")
}

/// Until when a key was deactivated, if for a while.
pub(crate) fn until(changes: &[FieldChange], times: Times) -> Option<String> {
    let change = changes.iter().find(|change| change.field.raw_for_api() == REACTIVATES_AT)?;
    Some(format!("until {}", moment(change.new.as_ref()?, times)))
}

/// What switched a key on or off: `deactivated` or `activated`; none for another change.
pub(crate) fn switched(change: &FieldChange) -> Option<&'static str> {
    if change.field.raw_for_api() != STATUS {
        return None;
    }
    match change.new.as_ref().and_then(|word| Status::parse(word.raw_for_api())) {
        Some(Status::Inactive) => Some("deactivated"),
        Some(Status::Active) => Some("activated"),
        _ => None,
    }
}

fn one(change: &FieldChange, tense: Tense, times: Times, cells: usize) -> String {
    if let (Tense::Edited, Some(word)) = (tense, switched(change)) {
        return word.to_owned();
    }
    let FieldChange { field, old, new } = change;
    if field.raw_for_api() == REACTIVATES_AT {
        let [was, is] = [old, new].map(|at| at.as_ref().map(|at| moment(at, times)));
        return match (was, is, tense) {
            (Some(was), Some(is), Tense::Edited) => format!("deactivated until {is} (was until {was})"),
            (Some(was), None, Tense::Edited) => format!("deactivated without a limit (was until {was})"),
            (was, is, _) => again(&is.or(was).unwrap_or_default()),
        };
    }
    if field.raw_for_api() == EXPIRES_AT {
        return expiry(old.as_ref(), new.as_ref(), tense, times);
    }
    let name = fields::named(field.raw_for_api())
        .map_or_else(|| field.to_display(cells).replace('_', " "), |field| field.title.to_lowercase());
    // What was not there before needs no word on that.
    if let (true, Some(id)) = (PAIR.contains(&field.raw_for_api()), new) {
        return format!("{name} {}", id.to_display(cells));
    }
    let is_word = fields::named(field.raw_for_api()).is_none_or(|field| field.text.is_none());
    let text = |text: &Untrusted| {
        let text = text.to_display(cells);
        if is_word { text } else { format!("“{text}”") }
    };
    match (old, new, tense) {
        (Some(old), Some(new), _) => format!("{name} {} (was {})", text(new), text(old)),
        (None, Some(new), Tense::Edited) => format!("{name} {} (was empty)", text(new)),
        (Some(old), None, Tense::Edited) => format!("no {name} (was {})", text(old)),
        (None, Some(value), Tense::Whole) | (Some(value), None, Tense::Whole) => format!("{name} {}", text(value)),
        (None, None, _) => name,
    }
}

/// A time with its time of day.
fn moment(at: &Untrusted, times: Times) -> String {
    match (at.raw_for_api().parse::<DateTime<Utc>>(), times) {
        (Ok(at), Times::Short) => messages::minute(at),
        (Ok(at), Times::Zoned) => local_time(at),
        (Err(_), _) => at.to_display(40),
    }
}

fn expiry(old: Option<&Untrusted>, new: Option<&Untrusted>, tense: Tense, times: Times) -> String {
    let [was, is] = moments(old, new, times);
    match (was, is, tense) {
        (Some(was), Some(is), _) => format!("expires {is} (was {was})"),
        (None, Some(is), Tense::Edited) => format!("expires {is} (was never)"),
        (Some(was), None, Tense::Edited) => format!("never expires (was {was})"),
        (None, Some(end), Tense::Whole) | (Some(end), None, Tense::Whole) => format!("expires {end}"),
        (None, None, _) => "never expires".to_owned(),
    }
}

fn moments(old: Option<&Untrusted>, new: Option<&Untrusted>, times: Times) -> [Option<String>; 2] {
    let parsed = [old, new].map(|text| text.and_then(|text| text.raw_for_api().parse::<DateTime<Utc>>().ok()));
    let days = parsed.map(|end| end.map(|end| end.with_timezone(&Local).date_naive()));
    let form = if days[0].is_some() && days[0] == days[1] { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
    let words = |end: DateTime<Utc>| match times {
        Times::Short => end.with_timezone(&Local).format(form).to_string(),
        Times::Zoned => local_time(end),
    };
    let [was, is] = parsed.map(|end| end.map(words));
    // Another server's time may be none.
    let as_it_is = |text: Option<&Untrusted>| text.map(|text| text.to_display(40));
    [was.or_else(|| as_it_is(old)), is.or_else(|| as_it_is(new))]
}
