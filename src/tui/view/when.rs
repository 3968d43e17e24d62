//! Times for people.

use chrono::{DateTime, Local, Utc};

/// "5 min ago", "in 12 d": ten cells at the most.
pub(crate) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let (count, unit) = match seconds.unsigned_abs() {
        0..60 => return if seconds < 0 { "in < 1 min".into() } else { "just now".into() },
        s @ 60..3600 => (s / 60, "min"),
        s @ 3600..86_400 => (s / 3600, "h"),
        s @ 86_400..63_072_000 => (s / 86_400, "d"),
        s => (s / 31_536_000, "y"),
    };
    if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// The last use, where never is a word.
pub(crate) fn last_used(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    at.map_or_else(|| "never".into(), |at| relative(at, now))
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

/// The time of day, here.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_times_fit_ten_cells() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        let ago = |seconds: i64| relative(now - chrono::TimeDelta::seconds(seconds), now);
        assert_eq!(ago(5), "just now");
        assert_eq!(ago(59 * 60), "59 min ago");
        assert_eq!(ago(26 * 3600), "1 d ago");
        assert_eq!(ago(3 * 31_536_000), "3 y ago");
        assert_eq!(ago(-12 * 86_400), "in 12 d");
        for seconds in [0, 60, 3599, 3600, 86_399, 86_400, 63_071_999, 63_072_000, 9_999_999_999] {
            assert!(ago(seconds).len() <= 10 && ago(-seconds).len() <= 10, "{seconds}");
        }
        assert_eq!(last_used(None, now), "never");
    }
}
