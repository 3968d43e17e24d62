//! Since when, as a user writes it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::operations::keys::expiry;

/// `30m`, `24h` or `7d` ago, or a date, as for an expiry; a date without a time is its beginning.
pub fn since(text: &str) -> Result<DateTime<Utc>, String> {
    ago(text, Utc::now())
        .or_else(|| expiry::start(text))
        .ok_or_else(|| "use 30m, 24h, 7d, 2027-01-31, 2027-01-31 18:00 or 2027-01-31T18:00:00Z".to_owned())
}

fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(span(text)?)
}

/// A length of time: `30m`, `24h` or `7d`.
pub(crate) fn span(text: &str) -> Option<TimeDelta> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: i64 = count.parse().ok().filter(|count| *count >= 0)?;
    match unit {
        "m" => TimeDelta::try_minutes(count),
        "h" => TimeDelta::try_hours(count),
        "d" => TimeDelta::try_days(count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::keys::since::*;

    #[test]
    fn times_in_the_past() {
        let now = Utc::now();
        assert_eq!(ago("24h", now), Some(now - TimeDelta::hours(24)));
        assert_eq!(ago("30m", now), Some(now - TimeDelta::minutes(30)));
        assert_eq!(since("2027-01-31T18:00:00Z"), Ok("2027-01-31T18:00:00Z".parse().unwrap()));
        let (start, later) = (since("2027-01-31").unwrap(), since("2027-01-31 18:00").unwrap());
        assert_eq!(later - start, TimeDelta::hours(18));
        for bad in ["", "h", "-1h", "99999999999999999h", "24", "x", "é", "2027-02-30"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
