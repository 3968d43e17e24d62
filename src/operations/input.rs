//! Values of the command line, checked at the door.

use chrono::{DateTime, Days, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::domain::credential_kind::ExpectedInput;
use crate::domain::{Content, Filter, KeyId, Label, Order, SecretKey, Sort, Status, looks_secret};

/// When a key shall stop working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expires {
    /// It does not.
    Never,
    /// Days from now.
    InDays(u64),
    /// At this time.
    At(DateTime<Utc>),
}

/// 10 years: longer is a typing error, or better "never".
const MAX_DAYS: u64 = 3650;

impl Expires {
    /// The time that is meant; none is never.
    pub fn at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::InDays(days) => now.checked_add_days(Days::new(days)),
            Self::At(time) => Some(time),
        }
    }
}

/// `90d`, `2027-01-31` (its last second here), `2027-01-31 18:00` (here), `2027-01-31T18:00:00Z` or `never`.
pub fn expires(text: &str) -> Result<Expires, String> {
    let form = "write 90d, 2027-01-31, 2027-01-31T18:00:00Z or never";
    if text == "never" {
        return Ok(Expires::Never);
    }
    if let Some(days) = text.strip_suffix('d') {
        return match days.parse() {
            Ok(days @ 1..=MAX_DAYS) => Ok(Expires::InDays(days)),
            _ => Err(format!("days go from 1d to {MAX_DAYS}d; {form}")),
        };
    }
    match time(text) {
        None => Err(form.to_owned()),
        Some(time) if time <= Utc::now() => Err("it has passed; name a time in the future".to_owned()),
        Some(time) => Ok(Expires::At(time)),
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59)?;
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|date| date.and_time(end_of_day)))
        .ok()?;
    // An hour that the change of clocks skips or repeats: the later one never cuts a key short.
    Some(Local.from_local_datetime(&local).latest()?.with_timezone(&Utc))
}

/// Refuses what cannot be an ID; another server's may have nearly any form.
pub fn key_id(text: &str) -> Result<KeyId, String> {
    match ExpectedInput::KeyId.check(text) {
        Err(wrong) if wrong.is_certain => Err(wrong.to_string()),
        // In a URL these two are no names, but places.
        _ if text == "." || text == ".." => Err("this is no access key ID".to_owned()),
        _ => KeyId::parse(text).map_err(|error| error.to_string()),
    }
}

/// An ID, or `-` for "from standard input".
pub(crate) fn key_id_or_dash(text: &str) -> Result<Option<KeyId>, String> {
    if text == "-" { Ok(None) } else { key_id(text).map(Some) }
}

/// Refuses what cannot be a label, and what looks like a secret.
pub fn label(text: &str) -> Result<Label, String> {
    if text.contains(SecretKey::PREFIX) && looks_secret(text) {
        return Err("a label is for everyone to read, and this looks like a secret".to_owned());
    }
    Label::parse(text).map_err(|error| error.to_string())
}

/// Refuses what cannot be the content of an exchange.
pub fn content(text: &str) -> Result<Content, String> {
    match ExpectedInput::Content.check(text) {
        Err(wrong) if wrong.is_certain => Err(wrong.to_string()),
        _ => Content::parse(text).map_err(|error| error.to_string()),
    }
}

/// Refuses what must not be sent as a filter.
pub(crate) fn search(text: &str) -> Result<String, String> {
    Filter::check(text).map(|()| text.to_owned()).map_err(str::to_owned)
}

pub(crate) fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| "write active, inactive or expired".to_owned())
}

pub(crate) fn sort(text: &str) -> Result<Sort, String> {
    Sort::parse(text).ok_or_else(|| "write created_at, last_used_at, label, status or id".to_owned())
}

pub(crate) fn order(text: &str) -> Result<Order, String> {
    Order::parse(text).ok_or_else(|| "write asc or desc".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_keys() {
        assert_eq!(expires("never"), Ok(Expires::Never));
        assert_eq!(expires("90d"), Ok(Expires::InDays(90)));
        for bad in ["", "d", "0d", "3651d", "-1d", "2020-01-01", "2027-02-30", "tomorrow", "90", "1.5d"] {
            assert!(expires(bad).is_err(), "{bad}");
        }
        let time = "2999-01-31T18:00:00Z";
        assert_eq!(expires(time).map(|end| end.at(Utc::now())), Ok(time.parse().ok()));
        assert!(expires("2999-01-31").is_ok_and(|end| end.at(Utc::now()).is_some()));
    }
}
