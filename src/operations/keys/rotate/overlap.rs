//! How long the old key of a rotation works beside the new one, as a user writes it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::MOST_OVERLAP;
use crate::operations::keys::expiry::{Expires, expires_after};

/// How long the old key still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    For(TimeDelta),
    Until(DateTime<Utc>),
}

impl Overlap {
    /// Those that are offered, as they are written.
    pub const OFFERED: [&str; 5] = ["now", "1h", "24h", "7d", "30d"];
    /// The one that is meant if nothing is said.
    pub const DEFAULT: &str = "24h";

    /// In seconds from now on, which is to be the server's time.
    pub fn seconds(self, now: DateTime<Utc>) -> Result<u32, &'static str> {
        let span = match self {
            Self::For(span) => span,
            Self::Until(end) if end < now => return Err("that time is in the past"),
            Self::Until(end) => end - now,
        };
        if span > MOST_OVERLAP {
            return Err(TOO_LONG);
        }
        Ok(u32::try_from(span.num_seconds()).unwrap_or_default())
    }
}

const FORM: &str = "use now, 1h, 24h, 7d, 30d, or a time within 30 days such as 2027-01-31 or 2027-01-31 18:00";
const TOO_LONG: &str = "the old key can work for 30 days more at the most";

/// `now`, `90m`, `24h`, `7d`, or a time as for an expiry.
pub fn overlap(text: &str) -> Result<Overlap, String> {
    overlap_after(text, Utc::now())
}

/// The same, where it is `now`.
pub(crate) fn overlap_after(text: &str, now: DateTime<Utc>) -> Result<Overlap, String> {
    let text = text.trim().to_ascii_lowercase();
    let overlap = match text.as_str() {
        "now" => Overlap::For(TimeDelta::zero()),
        text => match span(text) {
            Some(span) => Overlap::For(span),
            None => match expires_after(text, now) {
                Ok(Expires::At(end)) => Overlap::Until(end),
                Err(why) if why.contains("past") => return Err(why),
                _ => return Err(FORM.to_owned()),
            },
        },
    };
    // The server's clock may differ: it has the last word.
    overlap.seconds(now).map(|_| overlap).map_err(str::to_owned)
}

fn span(text: &str) -> Option<TimeDelta> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| (0..=100_000).contains(number))?;
    match unit {
        "m" => Some(TimeDelta::minutes(number)),
        "h" => Some(TimeDelta::hours(number)),
        "d" => Some(TimeDelta::days(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_spans_or_times_of_thirty_days_at_the_most() {
        let now: DateTime<Utc> = "2027-01-01T12:00:00Z".parse().unwrap();
        let seconds = |text: &str| {
            let overlap = overlap_after(text, now)?;
            overlap.seconds(now).map_err(str::to_owned)
        };
        for (text, expected) in [
            ("now", 0),
            ("0h", 0),
            ("90m", 5400),
            (" 1H ", 3600),
            ("24h", 86_400),
            ("30d", 2_592_000),
            ("2027-01-02T12:00:00Z", 86_400),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for offered in Overlap::OFFERED {
            assert!(seconds(offered).is_ok());
        }
        for (text, why) in [
            ("31d", TOO_LONG),
            ("2027-03-01", TOO_LONG),
            ("2026-12-31", "that date is in the past"),
            ("never", FORM),
            ("soon", FORM),
            ("-1h", FORM),
            ("", FORM),
        ] {
            assert_eq!(seconds(text), Err(why.to_owned()), "{text}");
        }
    }
}
