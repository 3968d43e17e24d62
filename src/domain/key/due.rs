//! What needs attention soon: keys that expire, keys that are being replaced, deactivations that end.

use chrono::{DateTime, Utc};

use super::{AccessKey, Status};

/// Why a key needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Expires,
    /// The key that replaces it waits to be taken into use everywhere.
    Rotation,
    /// It becomes active again by itself.
    Reactivates,
}

/// A key that needs attention, and when that ends; a rotation may have no end.
#[derive(Debug)]
pub struct Due<'a> {
    pub at: Option<DateTime<Utc>>,
    pub reason: Reason,
    pub key: &'a AccessKey,
}

impl Reason {
    /// Its word for programs: a promise to scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expires => "expires",
            Self::Rotation => "rotation_ends",
            Self::Reactivates => "reactivates",
        }
    }
}

impl<'a> Due<'a> {
    /// What there is of a key.
    pub fn of_key(key: &'a AccessKey) -> Option<Self> {
        let due = |at, reason| Some(Due { at, reason, key });
        let is_replaced = key.replaced_by().is_some();
        match (key.status, key.reactivates_at, key.expires_at) {
            (Status::Inactive, Some(at), _) => due(Some(at), Reason::Reactivates),
            (Status::Active | Status::Inactive, _, end) if is_replaced => due(end, Reason::Rotation),
            (Status::Active, _, Some(at)) => due(Some(at), Reason::Expires),
            _ => None,
        }
    }
}
