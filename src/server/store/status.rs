//! The status of a key, which every engine derives in the same way.

use chrono::{DateTime, Utc};

use crate::domain::Status;

/// Whether a key works at `now`.
pub(crate) fn status(switched_off: bool, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Status {
    match expires_at {
        Some(end) if end <= now => Status::Expired,
        _ if switched_off => Status::Inactive,
        _ => Status::Active,
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
