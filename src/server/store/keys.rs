//! Keys as the store takes and gives them.

use chrono::{DateTime, Utc};

use super::keyset::Keyset;
use crate::domain::{AccessKey, KeyQuery, Label, SecretKey, Status};

/// Which page of which list.
pub(crate) struct PageQuery {
    pub(crate) query: KeyQuery,
    /// The page begins after this place.
    pub(crate) after: Option<Keyset>,
    /// The most keys of the page.
    pub(crate) limit: usize,
    /// Whether to count all matches.
    pub(crate) total: bool,
}

/// One page.
pub(crate) struct KeyPage {
    pub(crate) keys: Vec<KeyRow>,
    /// Whether keys follow.
    pub(crate) more: bool,
    /// The number of all matches, if it was asked for.
    pub(crate) total: Option<u64>,
}

/// A key and its place in its list.
pub(crate) struct KeyRow {
    pub(crate) key: AccessKey,
    pub(crate) place: Keyset,
}

/// A key to be created, and who asks for it.
pub(crate) struct KeyInsert<'a> {
    pub(crate) id: &'a str,
    pub(crate) label: &'a Label,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) secret: &'a SecretKey,
    pub(crate) by: &'a str,
    pub(crate) source: &'a str,
    pub(crate) idempotency_key: &'a str,
    /// SHA-256 of what was asked for.
    pub(crate) fingerprint: [u8; 32],
}

/// The result of a create.
pub(crate) enum CreateOutcome {
    /// A new key.
    Fresh(AccessKey),
    /// The key that an earlier request with this idempotency key created.
    Replayed(AccessKey),
    /// That key was deleted since.
    Gone,
    /// The idempotency key was used for a different request.
    Other,
    /// The expiry is in the past. A repeated create is not refused for that: its key was created in time.
    Past,
}

/// When a key stops working by itself.
#[derive(Clone, Copy)]
pub(crate) enum ExpiryChange {
    Never,
    At(DateTime<Utc>),
}

impl ExpiryChange {
    pub(crate) fn time(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::At(time) => Some(time),
        }
    }
}

/// What to change; `None` leaves a field as it is.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) label: Option<Label>,
    pub(crate) switched_off: Option<bool>,
    pub(crate) expires_at: Option<ExpiryChange>,
}

/// What decides whether a key may be used.
pub(crate) struct KeyCredential {
    pub(crate) status: Status,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Access tokens of another generation are revoked.
    pub(crate) generation: i64,
    /// The secret, encrypted with the master key.
    pub(crate) encrypted: Vec<u8>,
}

/// The last use of a key.
#[derive(Clone)]
pub(crate) struct Use {
    pub(crate) at: DateTime<Utc>,
    /// The address.
    pub(crate) from: String,
}
