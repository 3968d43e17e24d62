//! The status of a key, which every engine derives in the same way.

use chrono::{DateTime, Utc};

use crate::domain::Status;

/// Whether a key works at `now`. One that is switched off for a while ([`SwitchedOff`]) works again by the clock alone.
pub(crate) fn status(off: SwitchedOff, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Status {
    match expires_at {
        Some(end) if end <= now => Status::Expired,
        _ if off.at(now).is_off => Status::Inactive,
        _ => Status::Active,
    }
}

/// Whether a key is switched off as it is stored, and until when; for good if there is no such time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SwitchedOff {
    pub(crate) is_off: bool,
    /// Only of a key that is off.
    pub(crate) until: Option<DateTime<Utc>>,
}

impl SwitchedOff {
    /// When it should have been activated, if that has come and is not stored yet.
    pub(crate) fn due(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.until.filter(|until| self.is_off && *until <= now)
    }

    /// As it is at `now`, whether that is stored or not.
    pub(crate) fn at(self, now: DateTime<Utc>) -> Self {
        if self.due(now).is_some() { Self::default() } else { self }
    }
}

/// The place of a status in a list sorted by status.
pub(crate) const fn rank(status: Status) -> i64 {
    match status {
        Status::Active => 0,
        Status::Expired => 1,
        Status::Inactive => 2,
    }
}
