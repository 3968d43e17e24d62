//! Administrators as the store keeps them.

use chrono::{DateTime, Utc};

use crate::domain::Role;

/// An administrator, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// In lower case.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// Their last sign-in, if any.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// The result of removing an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They are removed, and all their sessions have ended.
    Done,
    /// There is no administrator with this name.
    Unknown,
    /// Nothing was changed: no other administrator may manage keys.
    Last,
}

/// What decides about a sign-in.
pub(crate) struct AdminAccount {
    /// The hash of the password, if there is an administrator with this name.
    pub(crate) password: Option<String>,
    /// Whether they signed in from this network before.
    pub(crate) is_known_network: bool,
}
