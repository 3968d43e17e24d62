//! Who is signed in.

use chrono::{DateTime, Utc};

use crate::domain::{Role, Untrusted};

/// An administrator who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub username: Untrusted,
    /// What the server lets them do, in its word.
    pub role: Untrusted,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl Identity {
    /// Whether they may only look (HTTP contract, part B).
    pub fn may_only_look(&self) -> bool {
        self.role.raw_for_api() == Role::Auditor.as_str()
    }

    /// Whether they may manage administrators, everyone's sessions, and revoke everything.
    pub fn is_superuser(&self) -> bool {
        self.role.raw_for_api() == Role::Superuser.as_str()
    }
}
