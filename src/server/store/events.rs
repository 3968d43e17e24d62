//! The trail: what happened to keys, and what administrators did.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, holds_credential};

/// Who does something, and from where.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The administrator's name; for work on a data folder, the user's.
    pub name: String,
    /// An IP address, or `local`.
    pub address: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    /// Of a key.
    Created,
    Edited,
    /// By itself, at the end of a deactivation for a while.
    Reactivated,
    Used,
    Refused,
    Deleted,
    /// Of the old key of a rotation.
    Rotated,
    RotationFinished,
    RotationUndone,
    /// Of a key whose secret an administrator hands over.
    HandedOver,
    HandoverOpened,
    HandoverConfirmed,
    HandoverTakenBack,
    /// Nobody has opened it in time.
    HandoverExpired,
    /// A wrong code or PIN was given too often.
    HandoverTriedTooOften,
    /// By another one than the first: someone else has the code.
    HandoverOpenedAgain,
    /// An administrator has read of that.
    HandoverAcknowledged,
    /// Keys were listed for another program.
    Exported,
    /// Of administrators.
    SignedIn,
    SignInRefused,
    SignedOut,
    SessionEnded,
    AdminAdded,
    PasswordChanged,
    RoleChanged,
    AdminRemoved,
    /// Of all keys or all administrators.
    TokensRevoked,
    SessionsRevoked,
    /// Of the server.
    Restored,
    Copied,
    MasterKeyRotated,
    SigningKeyRotated,
}

impl EventKind {
    pub(crate) const ALL: [Self; 32] = [
        Self::Created,
        Self::Edited,
        Self::Reactivated,
        Self::Used,
        Self::Refused,
        Self::Deleted,
        Self::Rotated,
        Self::RotationFinished,
        Self::RotationUndone,
        Self::HandedOver,
        Self::HandoverOpened,
        Self::HandoverConfirmed,
        Self::HandoverTakenBack,
        Self::HandoverExpired,
        Self::HandoverTriedTooOften,
        Self::HandoverOpenedAgain,
        Self::HandoverAcknowledged,
        Self::Exported,
        Self::SignedIn,
        Self::SignInRefused,
        Self::SignedOut,
        Self::SessionEnded,
        Self::AdminAdded,
        Self::PasswordChanged,
        Self::RoleChanged,
        Self::AdminRemoved,
        Self::TokensRevoked,
        Self::SessionsRevoked,
        Self::Restored,
        Self::Copied,
        Self::MasterKeyRotated,
        Self::SigningKeyRotated,
    ];

    /// The word of the HTTP contract, and of the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Reactivated => "reactivated",
            Self::Used => "used",
            Self::Refused => "refused",
            Self::Deleted => "deleted",
            Self::Rotated => "rotated",
            Self::RotationFinished => "rotation_finished",
            Self::RotationUndone => "rotation_undone",
            Self::HandedOver => "handed_over",
            Self::HandoverOpened => "handover_opened",
            Self::HandoverConfirmed => "handover_confirmed",
            Self::HandoverTakenBack => "handover_taken_back",
            Self::HandoverExpired => "handover_expired",
            Self::HandoverTriedTooOften => "handover_tried_too_often",
            Self::HandoverOpenedAgain => "handover_opened_again",
            Self::HandoverAcknowledged => "handover_acknowledged",
            Self::Exported => "exported",
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::SessionEnded => "session_ended",
            Self::AdminAdded => "admin_added",
            Self::PasswordChanged => "password_changed",
            Self::RoleChanged => "role_changed",
            Self::AdminRemoved => "admin_removed",
            Self::TokensRevoked => "tokens_revoked",
            Self::SessionsRevoked => "sessions_revoked",
            Self::Restored => "restored",
            Self::Copied => "copied",
            Self::MasterKeyRotated => "master_key_rotated",
            Self::SigningKeyRotated => "signing_key_rotated",
        }
    }

    /// The kind that a word names.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether such events are forgotten after a time. What administrators did is kept.
    pub(crate) const fn is_passing(self) -> bool {
        matches!(self, Self::Used | Self::Refused | Self::SignInRefused)
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// The ID of a key, which may be deleted.
    Key(String),
    /// The name of an administrator, who may be removed.
    Administrator(String),
    /// The server, or all keys.
    Server,
}

impl Subject {
    /// The ID of the key.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(id) => Some(id),
            _ => None,
        }
    }

    /// The name of the administrator.
    pub(crate) fn administrator(&self) -> Option<&str> {
        match self {
            Self::Administrator(name) => Some(name),
            _ => None,
        }
    }
}

/// A field that has another value than before. Texts as they are shown: times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldChange {
    /// Its name in the HTTP contract.
    pub(crate) field: String,
    /// `None` where there was no value, or an empty one.
    pub(crate) old: Option<String>,
    /// `None` where there is no value any more, or an empty one.
    pub(crate) new: Option<String>,
}

impl FieldChange {
    /// A value that holds a secret or a token, typed into the wrong field, isn't kept.
    pub(crate) fn new(field: &str, old: Option<&str>, new: Option<&str>) -> Self {
        let kept = |text: &str| if holds_credential(text) { "[redacted]" } else { text }.to_owned();
        let [old, new] = [old, new].map(|text| text.filter(|text| !text.is_empty()).map(kept));
        Self { field: field.to_owned(), old, new }
    }
}

/// Changes as a text of the database; `None` if there are none.
pub(crate) fn changes_to_text(changes: &[FieldChange]) -> Option<String> {
    if changes.is_empty() { None } else { serde_json::to_string(changes).ok() }
}

/// Changes from a text of the database.
pub(crate) fn changes_of_text(text: Option<&str>) -> Vec<FieldChange> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The label that a key had when it was deleted, by the changes of that event.
pub(crate) fn last_label(changes: Option<&str>) -> String {
    let of_label = |change: &FieldChange| change.field == "label";
    changes_of_text(changes).into_iter().find(of_label).and_then(|change| change.old).unwrap_or_default()
}

/// Gives events the labels of their keys.
pub(crate) fn put_labels(events: &mut [StoredEvent], labels: &HashMap<String, String>) {
    for event in events {
        event.label = event.about.key().and_then(|id| labels.get(id)).cloned().unwrap_or_default();
    }
}

/// The keys that events are about, each once.
pub(crate) fn keys_of(events: &[StoredEvent]) -> Vec<String> {
    let ids: BTreeSet<&str> = events.iter().filter_map(|event| event.about.key()).collect();
    ids.into_iter().map(str::to_owned).collect()
}

/// An event to be stored.
#[derive(Clone)]
pub(crate) struct NewEvent {
    pub(crate) about: Subject,
    pub(crate) kind: EventKind,
    pub(crate) at: DateTime<Utc>,
    /// The administrator, if one did it.
    pub(crate) by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) changes: Vec<FieldChange>,
}

impl NewEvent {
    /// What an administrator did.
    pub(crate) fn of(actor: &Actor, about: Subject, kind: EventKind, at: DateTime<Utc>) -> Self {
        let (by, from) = (Some(actor.name.clone()), Some(actor.address.clone()));
        Self { about, kind, at, by, from, detail: None, changes: Vec::new() }
    }

    /// The use of a key.
    pub(crate) fn used(id: &str, from: Option<&str>, at: DateTime<Utc>) -> Self {
        let (about, from) = (Subject::Key(id.to_owned()), from.map(str::to_owned));
        Self { about, kind: EventKind::Used, at, by: None, from, detail: None, changes: Vec::new() }
    }
}

/// The reason of a refusal: the right secret of a key that a rotation has replaced and that has ended. Someone still has it.
pub(crate) const USED_AFTER_ROTATION: &str = "used after rotation";

/// The most refusals of one key that are kept, in rows, and the most refused sign-ins with one name, or with names that
/// no administrator has. Who knows an ID or a name adds to these, and to nothing else.
pub(crate) const MOST_REFUSALS: u32 = 1_000;

/// Refusals of one key, or refused sign-ins of one administrator, within a minute, from one network and for one reason.
/// Those that are stored later are added to those that were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusals {
    /// A key; an administrator that exists; or [`Subject::Server`], for sign-ins with a name that no administrator has.
    pub(crate) about: Subject,
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
    pub(crate) fn kind(&self) -> EventKind {
        if matches!(self.about, Subject::Key(_)) { EventKind::Refused } else { EventKind::SignInRefused }
    }

    /// The minute they are counted in, since 1970.
    pub(crate) fn minute(&self) -> i64 {
        minute(self.at)
    }
}

/// Minutes since 1970.
pub(crate) fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

/// Which events, and which part of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventQuery {
    /// About this key.
    pub(crate) key: Option<String>,
    /// About this administrator.
    pub(crate) administrator: Option<String>,
    /// What this administrator did.
    pub(crate) by: Option<String>,
    /// Of one of these kinds; of any if empty.
    pub(crate) kinds: Vec<EventKind>,
    /// At this time or later.
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) order: Order,
    /// The page begins after the event with this number: below it in descending order, above it in ascending order.
    pub(crate) after: Option<i64>,
    /// The most events of the page.
    pub(crate) limit: usize,
}

impl EventQuery {
    /// The newest events of a key.
    pub(crate) fn of_key(id: &str, limit: usize) -> Self {
        Self { key: Some(id.to_owned()), limit, ..Self::default() }
    }
}

/// How much later than it happened an event may be stored: uses and refusals are collected first.
pub(crate) const MOST_LATE: TimeDelta = TimeDelta::hours(1);

/// A stored event: its number, the word for its kind, and the rest.
#[derive(Clone, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    pub(crate) about: Subject,
    /// The label of the key now; of a deleted key, the last one. Empty if it had none, and if it isn't about a key.
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) changes: Vec<FieldChange>,
    /// How many refusals it counts; 1 for anything else.
    pub(crate) count: u64,
}
