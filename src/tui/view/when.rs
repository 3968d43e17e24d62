//! Times for people.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::domain::Dates;
use crate::domain::key::fields::NEVER;
use crate::operations::format::{DAY, HOUR, MINUTE, MONTH, YEAR, to_come};

/// How long ago in ten cells at the most, or that date; or never.
pub(crate) fn last_used(at: Option<DateTime<Utc>>, now: DateTime<Utc>, dates: Dates) -> String {
    let Some(at) = at else { return NEVER.into() };
    if dates != Dates::Relative {
        return minute(at, dates);
    }
    // The server's clock may be ahead of ours.
    if at > now { format!("in {}", span_to_come(at - now)) } else { ago(now - at) }
}

/// How long until then in nine cells at the most, how long ago in ten, or that date; or never. What is past says so at
/// every age.
pub(crate) fn expiry(at: Option<DateTime<Utc>>, now: DateTime<Utc>, dates: Dates) -> String {
    let Some(at) = at else { return NEVER.into() };
    if dates != Dates::Relative {
        return minute(at, dates);
    }
    let left = at - now;
    let (is_past, seconds) = (left <= TimeDelta::zero(), left.num_seconds().unsigned_abs());
    match seconds / DAY {
        days @ YEAR..TWO_YEARS if is_past => format!("{} mo ago", days / MONTH),
        days @ YEAR..TWO_YEARS => format!("in {} mo", days / MONTH),
        0 if is_past && seconds < MINUTE => "just now".into(),
        _ if is_past => format!("{} ago", span(seconds, false)),
        _ => format!("in {}", span_to_come(left)),
    }
}

/// Until then the end of a key is told in months: a year is a long step.
const TWO_YEARS: u64 = 2 * YEAR;

/// A year and more has its months in place of a word that the column's name says too.
fn ago(past: TimeDelta) -> String {
    if past < TimeDelta::minutes(1) {
        return "just now".into();
    }
    let span = span(past.num_seconds().unsigned_abs(), true);
    if span.ends_with("mo") { span } else { format!("{span} ago") }
}

fn span_to_come(left: TimeDelta) -> String {
    span(to_come(left.num_seconds().unsigned_abs()), false)
}

/// Seconds in the largest unit; less than ten years have months too, if they are asked for.
fn span(seconds: u64, with_months: bool) -> String {
    match seconds {
        0..MINUTE => "<1 min".into(),
        s @ MINUTE..HOUR => format!("{} min", s / MINUTE),
        s @ HOUR..=DAY => format!("{} h", s / HOUR),
        s => match (s / DAY / YEAR, s / DAY % YEAR / MONTH) {
            (0, _) => format!("{} d", s / DAY),
            (years @ 1..10, months @ 1..) if with_months => format!("{years} y {months} mo"),
            (years, _) => format!("{years} y"),
        },
    }
}

/// The date, here.
pub(crate) fn date(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).date_naive().to_string()
}

/// The date, or the time to the minute where times are told so.
pub(crate) fn day(at: DateTime<Utc>, dates: Dates) -> String {
    if dates == Dates::Relative { date(at) } else { minute(at, dates) }
}

/// The time to the minute, here or in UTC.
pub(crate) fn minute(at: DateTime<Utc>, dates: Dates) -> String {
    match dates {
        Dates::Utc => at.format("%Y-%m-%d %H:%MZ").to_string(),
        _ => at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string(),
    }
}

/// The whole time with its zone, here.
pub(crate) fn absolute(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// The whole time with its zone, here or in UTC.
pub(crate) fn whole(at: DateTime<Utc>, dates: Dates) -> String {
    if dates == Dates::Utc { at.format("%Y-%m-%d %H:%M:%S UTC").to_string() } else { absolute(at) }
}

/// The time of day to the minute, here.
pub(crate) fn hour(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M").to_string()
}

/// The time of day, here.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::format::relative;

    #[test]
    fn relative_times_read_well_and_fit_their_column() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        let at = |seconds: i64| now - chrono::TimeDelta::seconds(seconds);
        let (hour, day) = (3600, 86_400);
        for (seconds, long, short) in [
            (5, "just now", "just now"),
            (59 * 60, "59 min ago", "59 min ago"),
            (hour, "1 h ago", "1 h ago"),
            (26 * hour, "1 day ago", "1 d ago"),
            (647 * day, "1 y 9 mo ago", "1 y 9 mo"),
            (3 * 365 * day, "3 y ago", "3 y ago"),
            (-5, "in under a minute", "in <1 min"),
            // As it was chosen a moment before.
            (1 - day, "in 24 h", "in 24 h"),
            (2 - 30 * day, "in 30 days", "in 30 d"),
            (61 - day, "in 23 h", "in 23 h"),
            (-12 * day, "in 12 days", "in 12 d"),
            (-400 * day, "in 13 months", "in 1 y"),
        ] {
            assert_eq!(relative(at(seconds), now), long);
            assert_eq!(last_used(Some(at(seconds)), now, Dates::Relative), short);
        }
        for seconds in [0, 60, 3599, hour, day - 1, day, 99 * day, 100 * day, 729 * day, 730 * day, 9_999_999_999] {
            assert!(last_used(Some(at(seconds)), now, Dates::Relative).len() <= 10, "{seconds}");
            assert!(last_used(Some(at(-seconds)), now, Dates::Relative).len() <= 10, "{seconds}");
            assert!(expiry(Some(at(seconds)), now, Dates::Relative).len() <= 10, "{seconds}");
            assert!(expiry(Some(at(-seconds - 1)), now, Dates::Relative).len() <= 9, "{seconds}");
        }
        assert_eq!((last_used(None, now, Dates::Iso), expiry(None, now, Dates::Utc)), ("never".into(), "never".into()));
        for (days, words) in [
            (647, "in 21 mo"),
            (364, "in 364 d"),
            (800, "in 2 y"),
            (-364, "364 d ago"),
            (-400, "13 mo ago"),
            (-647, "21 mo ago"),
            (-800, "2 y ago"),
        ] {
            assert_eq!(expiry(Some(at(-days * day)), now, Dates::Relative), words);
        }
    }

    #[test]
    fn dates_fit_their_column() {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        assert_eq!(minute(at, Dates::Utc), "2026-11-18 11:06Z");
        for dates in [Dates::Iso, Dates::Utc] {
            assert_eq!(Some(last_used(Some(at), at, dates).len()), dates.cells());
            assert_eq!(expiry(Some(at), at, dates), day(at, dates));
        }
    }
}
