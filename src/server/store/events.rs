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

/// The most refusals of one key that are kept, in rows. Who knows an ID adds to these, and to nothing else.
pub(crate) const MOST_REFUSALS: u32 = 1_000;

/// Refusals of one key within a minute, from one network and for one reason. Those that are stored later are added to
/// those that were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusals {
    pub(crate) id: String,
    /// The network as it is written; `None` for all networks that are not counted by themselves.
    pub(crate) network: Option<String>,
    /// The address, if there was only one.
    pub(crate) from: Option<String>,
    pub(crate) why: &'static str,
    /// When it was first refused.
    pub(crate) at: DateTime<Utc>,
    pub(crate) count: u64,
}

impl Refusals {
    /// The minute they are counted in, since 1970.
    pub(crate) fn minute(&self) -> i64 {
        minute(self.at)
    }
}

/// Minutes since 1970.
pub(crate) fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
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
    /// How many refusals it stands for; 1 for anything else.
    pub(crate) count: u64,
}
