//! Times for people.

use chrono::{DateTime, Local, Utc};

use crate::operations::format::{DAY, HOUR, MINUTE, MONTH, YEAR};

/// How long ago in ten cells at the most, or never.
pub(crate) fn last_used(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let Some(at) = at else { return "never".into() };
    let seconds = (now - at).num_seconds();
    let (count, unit) = match seconds.unsigned_abs() {
        0..MINUTE => return "just now".into(),
        s @ MINUTE..HOUR => (s / MINUTE, "min"),
        s @ HOUR..DAY => (s / HOUR, "h"),
        s if s < 100 * DAY => (s / DAY, "d"),
        s if s < 2 * YEAR * DAY => (s / (MONTH * DAY), "mo"),
        s => (s / (YEAR * DAY), "y"),
    };
    // The server's clock may be ahead of ours.
    if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// The date, here.
pub(crate) fn date(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).date_naive().to_string()
}

/// The time to the minute, here.
pub(crate) fn minute(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// The whole time with its zone, here.
pub(crate) fn absolute(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
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
            (647 * day, "1 y 9 mo ago", "21 mo ago"),
            (3 * 365 * day, "3 y ago", "3 y ago"),
            (-5, "in under a minute", "just now"),
            (-12 * day, "in 12 days", "in 12 d"),
            (-400 * day, "in 13 months", "in 13 mo"),
        ] {
            assert_eq!(relative(at(seconds), now), long);
            assert_eq!(last_used(Some(at(seconds)), now), short);
        }
        for seconds in [0, 60, 3599, hour, day - 1, day, 99 * day, 100 * day, 729 * day, 730 * day, 9_999_999_999] {
            assert!(last_used(Some(at(seconds)), now).len() <= 10, "{seconds}");
            assert!(last_used(Some(at(-seconds)), now).len() <= 10, "{seconds}");
        }
        assert_eq!(last_used(None, now), "never");
    }
}
