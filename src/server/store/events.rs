//! The history of keys.

use chrono::{DateTime, Utc};

/// Who changes something, and from where.
#[derive(Clone)]
pub(crate) struct Actor {
    /// The administrator's name.
    pub(crate) name: String,
    pub(crate) address: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    Created,
    Edited,
    Used,
    Refused,
    Deleted,
}

impl EventKind {
    /// The word of the HTTP contract.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Used => "used",
            Self::Refused => "refused",
            Self::Deleted => "deleted",
        }
    }
}

/// An event to be stored.
#[derive(Clone)]
pub(crate) struct NewEvent {
    pub(crate) kind: EventKind,
    pub(crate) at: DateTime<Utc>,
    /// The administrator, if one did it.
    pub(crate) by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
}

impl NewEvent {
    /// What an administrator did.
    pub(crate) fn of(actor: &Actor, kind: EventKind, at: DateTime<Utc>) -> Self {
        Self { kind, at, by: Some(actor.name.clone()), from: Some(actor.address.clone()), detail: None }
    }
}

/// A stored event: its number, the word for its kind, and the rest.
#[derive(Clone, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
}
