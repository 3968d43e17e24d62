//! When a key expires, as a user writes it.

use chrono::{DateTime, Datelike as _, Days, Local, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::domain::in_zone;

/// When a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expires {
    /// Not at all.
    Never,
    /// Days from now.
    InDays(u64),
    /// At this time.
    At(DateTime<Utc>),
}

/// 10 years: longer is a typing error, or better "never".
const MAX_DAYS: u64 = 3650;

impl Expires {
    /// The time that is meant; none is never. Days count from `now`, which is to be the server's time.
    pub fn at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::InDays(days) => now.checked_add_days(Days::new(days)),
            Self::At(time) => Some(time),
        }
    }
}

/// `90d` or `+90d`, `never`, or a time of [`time`] in the future.
pub fn expires(text: &str) -> Result<Expires, String> {
    expires_after(text, Utc::now())
}

/// The same, where it is `now`.
pub(crate) fn expires_after(text: &str, now: DateTime<Utc>) -> Result<Expires, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("never") {
        return Ok(Expires::Never);
    }
    let form = "use 90d, tomorrow, end of month, 2027-01-31, 2027-01-31 18:00 or never";
    match text.strip_suffix(['d', 'D']) {
        Some(number) if number.parse::<i64>().is_ok() => days(number),
        _ => on_date(text, form, now),
    }
}

/// A number of days, from 1 to [`MAX_DAYS`].
fn days(text: &str) -> Result<Expires, String> {
    let days = text.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days));
    days.map(Expires::InDays).ok_or_else(|| format!("enter a number of days from 1 to {MAX_DAYS}"))
}

/// A time of [`time`] after `now`; `form` says what another text should be.
fn on_date(text: &str, form: &str, now: DateTime<Utc>) -> Result<Expires, String> {
    match time(text, now) {
        None => Err(match misread(text) {
            Some(why) => format!("{why}; {form}"),
            None => form.to_owned(),
        }),
        Some(time) if time <= now => Err("that date is in the past".to_owned()),
        Some(time) if time.year() > 9999 => Err("that date is too far away; use never".to_owned()),
        Some(time) => Ok(Expires::At(time)),
    }
}

/// What is wrong with a text that begins as a date does.
fn misread(text: &str) -> Option<&'static str> {
    let (date, time) = text.split_once([' ', 'T', 't']).map_or((text, None), |(date, time)| (date, Some(time)));
    let is_date = date.split('-').count() == 3 && date.split('-').all(|part| part.parse::<u16>().is_ok());
    let has_day = NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok();
    match time {
        _ if !is_date => None,
        _ if !has_day => Some("that day is not in the calendar"),
        Some(time) if text.contains(['T', 't']) && NaiveTime::parse_from_str(time, "%H:%M").is_ok() => {
            Some("a time after T needs seconds and a zone, as in 2027-01-31T18:00:00Z")
        }
        _ => Some("that is no time of day"),
    }
}

/// `2027-01-31`, `tomorrow` or `end of month` (its last second) or `2027-01-31 18:00` in the local time zone, or
/// `2027-01-31T18:00:00Z` (RFC 3339).
fn time(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let today = now.with_timezone(&Local).date_naive();
    let date = match text.to_ascii_lowercase().as_str() {
        "tomorrow" => today.succ_opt(),
        "end of month" => today.with_day(u32::from(today.num_days_in_month())),
        _ => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59)?;
    let local = match date {
        Some(date) => date.and_time(end_of_day),
        None => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?,
    };
    in_zone(&Local, local)
}

/// The beginning of `2027-01-31`, or a time of [`time`].
pub(crate) fn start(text: &str) -> Option<DateTime<Utc>> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) => in_zone(&Local, date.and_time(NaiveTime::MIN)),
        Err(_) => time(text, Utc::now()),
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::keys::expiry::*;

    #[test]
    fn ends_of_keys() {
        for never in ["never", "Never", " never "] {
            assert_eq!(expires(never), Ok(Expires::Never));
        }
        for days in ["90d", "90D", " 90d", "90d ", "+90d"] {
            assert_eq!(expires(days), Ok(Expires::InDays(90)));
        }
        for (text, why) in [
            ("2027-02-29", "that day is not in the calendar; use 90d"),
            ("2027-13-01 12:00", "that day is not in the calendar; use 90d"),
            ("2027-01-31T18:00", "a time after T needs seconds and a zone, as in 2027-01-31T18:00:00Z; use 90d"),
            ("2027-01-31 25:00", "that is no time of day; use 90d"),
            ("-1d", "enter a number of days from 1 to 3650"),
            ("soon", "use 90d"),
        ] {
            assert!(expires(text).is_err_and(|said| said.starts_with(why)), "{text}: {:?}", expires(text));
        }
        for bad in ["", "d", "0d", "3651d", "-1d", "2020-01-01", "2027-02-30", "yesterday", "90", "1.5d"] {
            assert!(expires(bad).is_err(), "{bad}");
        }
        let far = "2999-01-31T18:00:00Z";
        assert_eq!(expires(far).map(|end| end.at(Utc::now())), Ok(far.parse().ok()));
        assert!(expires("2999-01-31").is_ok_and(|end| end.at(Utc::now()).is_some()));
        let ends = |text, now: &str| {
            let now = NaiveDateTime::parse_from_str(now, "%Y-%m-%d %H:%M").unwrap();
            let end = time(text, in_zone(&Local, now).unwrap()).unwrap();
            end.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
        };
        assert_eq!(ends("tomorrow", "2027-12-31 09:00"), "2028-01-01 23:59:59");
        assert_eq!(ends("Tomorrow", "2027-06-01 23:59"), "2027-06-02 23:59:59");
        assert_eq!(ends("end of month", "2028-02-01 00:00"), "2028-02-29 23:59:59");
        assert_eq!(ends("end of month", "2027-12-31 12:00"), "2027-12-31 23:59:59");
    }
}
