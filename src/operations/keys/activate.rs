//! Activating and deactivating a key.

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::Changes;
use crate::domain::{AccessKey, Status};

/// How long a key can be deactivated for a while, as it is offered: each with how it is written for `--for`.
pub const WHILES: [(&str, &str, TimeDelta); 3] = [
    ("15 min", "15m", TimeDelta::minutes(15)),
    ("1 hour", "1h", TimeDelta::hours(1)),
    ("1 day", "1d", TimeDelta::days(1)),
];
/// The shortest and the longest (HTTP contract, second edition).
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::days(7);

/// Reads a while, such as 15m, 1h or 1d.
pub fn a_while(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "use 15m, 1h or 1d: minutes, hours or days, from 1m to 7d".to_owned();
    let (count, unit) = text.trim().split_at_checked(text.trim().len().saturating_sub(1)).ok_or_else(wrong)?;
    let count: i64 = count.trim_end().parse().map_err(|_| wrong())?;
    let span = match unit {
        "m" => TimeDelta::try_minutes(count),
        "h" => TimeDelta::try_hours(count),
        "d" => TimeDelta::try_days(count),
        _ => None,
    };
    span.filter(|span| (SHORTEST..=LONGEST).contains(span)).ok_or_else(wrong)
}

/// Why a key is not activated or deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSwitched {
    #[error("This key has expired.")]
    Expired,
    #[error("The key is already {}.", .0.as_str())]
    Already(Status),
}

/// What can be done to a key, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchChoice {
    Activate,
    /// Deactivate it for a while: one of [`WHILES`].
    For(usize),
    ForGood,
}

impl SwitchChoice {
    /// For how long active keys can be deactivated, the usual one first.
    pub const OFFERED: [Self; 4] = [Self::ForGood, Self::For(0), Self::For(1), Self::For(2)];

    /// The choices for a key, the usual one first; none where there is only one.
    pub const fn of(key: &AccessKey) -> &'static [Self] {
        match (key.status, key.reactivates_at) {
            (Status::Active, _) => &Self::OFFERED,
            (Status::Inactive, Some(_)) => &[Self::Activate, Self::For(0), Self::For(1), Self::For(2), Self::ForGood],
            _ => &[],
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::For(at) => WHILES[at].0,
            Self::ForGood => "No limit",
        }
    }

    /// What is done at `now`, the server's time.
    pub fn switch(self, now: DateTime<Utc>) -> Switch {
        match self {
            Self::Activate => Switch::Activate,
            Self::For(at) => Switch::Deactivate(Some(now + WHILES[at].2)),
            Self::ForGood => Switch::Deactivate(None),
        }
    }
}

/// A change of a key's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It works again.
    Activate,
    /// It stops working: until this time, or for good if there is none.
    Deactivate(Option<DateTime<Utc>>),
}

impl Switch {
    /// The switch that a key can take, or the one that is asked for if it makes sense.
    pub fn of(key: &AccessKey, wanted: Option<Self>) -> Result<Self, NotSwitched> {
        match (wanted, key.status) {
            // By itself it would not become active again either.
            (None | Some(Self::Activate | Self::Deactivate(Some(_))), Status::Expired) => Err(NotSwitched::Expired),
            (Some(Self::Activate), Status::Active) => Err(NotSwitched::Already(key.status)),
            (Some(Self::Deactivate(until)), Status::Inactive) if until == key.reactivates_at => {
                Err(NotSwitched::Already(key.status))
            }
            (Some(wanted), _) => Ok(wanted),
            (None, Status::Active) => Ok(Self::Deactivate(None)),
            (None, Status::Inactive) => Ok(Self::Activate),
        }
    }

    /// The change that makes it, of a key as it was read.
    pub fn changes(self, key: &AccessKey) -> Changes {
        let reactivates_at = if let Self::Deactivate(until) = self { until } else { None };
        Changes { status: Some(self.status()), reactivates_at, revision: key.revision, ..Changes::default() }
    }

    pub const fn status(self) -> Status {
        match self {
            Self::Activate => Status::Active,
            Self::Deactivate(_) => Status::Inactive,
        }
    }

    pub const fn verb(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate(_) => "Deactivate",
        }
    }

    /// What it means: two sentences.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Activate => {
                "The key works again immediately. Access tokens from before stay refused: clients that keep one fail for up \
                 to an hour."
            }
            Self::Deactivate(None) => {
                "Requests with this key, and with access tokens made from it, fail immediately. You can reactivate it at \
                 any time."
            }
            Self::Deactivate(Some(_)) => {
                "Requests with this key, and with access tokens made from it, fail immediately. Then it works again by \
                 itself; access tokens from before stay refused."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyId;

    #[test]
    fn a_while_is_a_minute_to_a_week() {
        for (text, minutes) in [("15m", 15), ("1h", 60), (" 1d ", 1440), ("1m", 1), ("7d", 10_080), ("90 m", 90)] {
            assert_eq!(a_while(text), Ok(TimeDelta::minutes(minutes)), "{text}");
        }
        for wrong in ["", "m", "0m", "8d", "-1h", "1w", "15", "1é", "9999999999999999999d", "9223372036854775807d"] {
            assert!(a_while(wrong).is_err(), "{wrong}");
        }
        assert!(WHILES.iter().all(|(_, word, span)| a_while(word) == Ok(*span)));
    }

    #[test]
    fn an_inactive_key_is_deactivated_for_another_time_only() {
        let now = DateTime::UNIX_EPOCH;
        let new = AccessKey::new(KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), now);
        let until = Some(now + TimeDelta::hours(1));
        let (hour, good) = (Switch::Deactivate(until), Switch::Deactivate(None));
        let off = AccessKey { status: Status::Inactive, ..new };
        assert_eq!(Switch::of(&off, Some(good)), Err(NotSwitched::Already(Status::Inactive)));
        assert_eq!(Switch::of(&off, Some(hour)), Ok(hour));
        let back = AccessKey { reactivates_at: Some(now), ..off };
        assert_eq!(Switch::of(&back, Some(good)), Ok(good));
        assert_eq!(Switch::of(&back, None), Ok(Switch::Activate));
        assert_eq!(hour.changes(&back).reactivates_at, until);
        let over = AccessKey { status: Status::Expired, ..back.clone() };
        assert_eq!(Switch::of(&over, Some(hour)), Err(NotSwitched::Expired));
        assert_eq!(Switch::of(&over, Some(good)), Ok(good));
        assert_eq!(good.changes(&back).reactivates_at, None);
        assert_eq!(
            Switch::of(&AccessKey { reactivates_at: until, ..back }, Some(hour)),
            Err(NotSwitched::Already(Status::Inactive))
        );
    }
}
