//! How long keys may last.

use chrono::{DateTime, Days, Utc};

/// What a server says about the expiry of keys: none of it by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// The most days from now that an expiry may be set to.
    pub most: Option<u32>,
    /// The days until a key expires for which nothing is said.
    pub default: Option<u32>,
}

impl Lifetimes {
    /// The longest that can be set, in days: 10 years.
    pub const LONGEST: u32 = 3650;

    /// The limits, unless the default is longer than the most.
    pub fn new(most: Option<u32>, default: Option<u32>) -> Result<Self, String> {
        match (most, default) {
            (Some(most), Some(default)) if default > most => {
                Err(format!("default_lifetime ({default} days) must not be longer than max_lifetime ({most} days)"))
            }
            _ => Ok(Self { most, default }),
        }
    }

    /// Whether a key may expire then, or never. The last day counts to its end, in any time zone and whatever the clocks.
    pub fn allows(self, end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        let Some(most) = self.most else { return true };
        let latest = now.checked_add_days(Days::new(u64::from(most) + 1));
        end.is_some_and(|end| latest.is_none_or(|latest| end <= latest))
    }

    /// The same expiry, or the latest that a key may have.
    pub fn capped(self, end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.allows(end, now) { end } else { now.checked_add_days(Days::new(u64::from(self.most?))) }
    }

    /// When a key expires for which nothing is said; never if none.
    pub fn default_end(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_add_days(Days::new(u64::from(self.default?)))
    }

    /// What a user is told of a limit, without a full stop; none if there is none.
    pub fn limit_words(self) -> Option<String> {
        self.most.map(|most| format!("at most {most} days from now, on this server"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_to_its_end_and_never_is_too_long() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        let after =
            |days, seconds| now.checked_add_days(Days::new(days)).map(|end| end + chrono::TimeDelta::seconds(seconds));
        let limits = Lifetimes::new(Some(90), Some(30)).unwrap_or_default();
        assert!(
            limits.allows(after(90, 86_399), now) && !limits.allows(after(91, 1), now) && !limits.allows(None, now)
        );
        assert!(Lifetimes::default().allows(None, now));
        assert_eq!((limits.capped(None, now), limits.capped(after(7, 0), now)), (after(90, 0), after(7, 0)));
        assert_eq!(Lifetimes::default().capped(None, now), None);
        assert_eq!((limits.default_end(now), Lifetimes::default().default_end(now)), (after(30, 0), None));
        assert!(Lifetimes::new(Some(30), Some(90)).is_err());
    }
}
