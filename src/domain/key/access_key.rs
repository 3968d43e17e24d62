//! What an administrator sees of an API access key.

use chrono::{DateTime, TimeDelta, Utc};

use super::KeyId;
use crate::domain::Untrusted;

/// An API access key without its secret, as a server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The public half of the pair.
    pub id: KeyId,
    /// What the administrators call it; may be empty.
    pub label: Untrusted,
    /// Who answers for it: a person, a team or a system; may be empty. None if the server doesn't keep owners.
    pub owner: Option<Untrusted>,
    /// What else there is to know of it; may be empty. None if the server doesn't keep notes.
    pub note: Option<Untrusted>,
    /// Whether the key works now.
    pub status: Status,
    /// When a key that was switched off for a while becomes active again by itself.
    pub reactivates_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: Untrusted,
    /// When it stops working by itself, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// The last successful use, if any.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The address of that use.
    pub last_used_from: Option<Untrusted>,
    /// The uses on each of the last days in UTC, of which today is the last. None unless a list was asked for them.
    pub daily_uses: Option<Box<[u64]>>,
    /// The other key of the rotation that is under way, if one is.
    pub rotation: Option<Rotation>,
    /// The last refused exchange that named this key, if there was one.
    pub refused_at: Option<DateTime<Utc>>,
    /// The address of that exchange.
    pub refused_from: Option<Untrusted>,
    /// When it was last used after the rotation that replaced it had ended: someone still has it.
    pub late_use_at: Option<DateTime<Utc>>,
    /// Grows with each change by an administrator. None if the server doesn't count them.
    pub revision: Option<u64>,
}

impl AccessKey {
    /// An active key of which nothing else is known: never used, without an expiry, texts or an author.
    pub fn new(id: KeyId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            label: Untrusted::default(),
            owner: None,
            note: None,
            status: Status::Active,
            reactivates_at: None,
            created_at,
            created_by: Untrusted::default(),
            expires_at: None,
            last_used_at: None,
            last_used_from: None,
            daily_uses: None,
            rotation: None,
            refused_at: None,
            refused_from: None,
            late_use_at: None,
            revision: None,
        }
    }
}

/// Within how many days a key needs attention, unless it is said otherwise, and at the most.
pub const DUE_DAYS: u16 = 7;
pub const MOST_DUE_DAYS: u16 = 366;

/// The longest time that the old key of a rotation may still work (HTTP contract, part B).
pub const MOST_OVERLAP: TimeDelta = TimeDelta::days(30);

/// A key's part in a rotation that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// It is the new key, and this the old one.
    Replaces(KeyId),
    /// It is the old key, which works until it expires, and this the new one.
    ReplacedBy(KeyId),
}

impl Rotation {
    /// The other key.
    pub const fn other(&self) -> &KeyId {
        match self {
            Self::Replaces(other) | Self::ReplacedBy(other) => other,
        }
    }
}

impl AccessKey {
    /// Whether it works, or will by itself: it is deactivated for a while only.
    pub const fn can_be_used(&self) -> bool {
        match self.status {
            Status::Active => true,
            Status::Inactive => self.reactivates_at.is_some(),
            Status::Expired => false,
        }
    }

    /// The key that it replaces.
    pub fn replaces(&self) -> Option<&KeyId> {
        match &self.rotation {
            Some(Rotation::Replaces(old)) => Some(old),
            _ => None,
        }
    }

    /// The key that replaces it.
    pub fn replaced_by(&self) -> Option<&KeyId> {
        match &self.rotation {
            Some(Rotation::ReplacedBy(new)) => Some(new),
            _ => None,
        }
    }
}

/// Whether a key works. A deleted key is gone and has no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It works.
    Active,
    /// Its `expires_at` has passed. Wins over `Inactive`: switching it on would not help.
    Expired,
    /// An administrator switched it off; it can be switched on again.
    Inactive,
}

impl Status {
    /// Every status, in the order in which they sort.
    pub const ALL: [Self; 3] = [Self::Active, Self::Expired, Self::Inactive];

    /// The word of the HTTP contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
        }
    }

    /// The status that the contract's word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}
