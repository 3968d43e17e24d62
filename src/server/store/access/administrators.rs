//! Administrators as the store keeps them, and the rules about them that every engine follows.

use chrono::{DateTime, Utc};

use crate::domain::Role;
use crate::server::auth::username::Username;
use crate::server::store::access::sessions::Digest;
use crate::server::store::events::{Actor, EventKind, FieldChange, NewEvent, Subject};

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

/// A new password.
#[derive(Clone)]
pub struct PasswordChange {
    pub username: Username,
    /// Its hash.
    pub password: String,
    /// The hash of the old one, if it was asked for: another one since then is not replaced.
    pub old: Option<String>,
    /// The session that goes on; all others of the administrator end.
    pub keep: Option<Digest>,
}

/// The result of removing an administrator or changing their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminOutcome {
    /// It is done.
    Done,
    /// There is no administrator with this name.
    Unknown,
    /// Nothing was changed: no other administrator has this role's rights. [`Role::Administrator`] manages keys,
    /// [`Role::Superuser`] administrators too.
    Last(Role),
}

/// Whether an administrator can go from one role to another, or be removed (`to` is `None`), when `others` are the roles
/// of all others: the last who may manage administrators or keys stay what they are.
pub(crate) fn leaves_enough(from: Role, to: Option<Role>, others: &[Role]) -> AdminOutcome {
    for needed in [Role::Administrator, Role::Superuser] {
        let has = |role: Role| role.includes(needed);
        if has(from) && !to.is_some_and(has) && !others.iter().copied().any(has) {
            return AdminOutcome::Last(needed);
        }
    }
    AdminOutcome::Done
}

/// The events of what is done to administrators.
impl NewEvent {
    pub(crate) fn of_administrator(actor: &Actor, name: &str, kind: EventKind, at: DateTime<Utc>) -> Self {
        Self::of(actor, Subject::Administrator(name.to_owned()), kind, at)
    }

    /// A role that was given, changed or, with its administrator, removed.
    pub(crate) fn with_role(mut self, old: Option<Role>, new: Option<Role>) -> Self {
        self.changes = vec![FieldChange::new("role", old.map(Role::as_str), new.map(Role::as_str))];
        self
    }
}

/// What decides about a sign-in.
pub(crate) struct AdminAccount {
    /// The hash of the password, if there is an administrator with this name.
    pub(crate) password: Option<String>,
    /// Whether they signed in from this network before.
    pub(crate) is_known_network: bool,
}
