//! Keys as the store takes and gives them, and the rules about them that every engine follows.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::events::{Actor, EventKind, FieldChange, MOST_LATE, NewEvent, Subject};
use super::keyset::Keyset;
use super::rotation::{RotationInsert, RotationRefusal, StoredRotation};
use super::status::SwitchedOff;
use crate::domain::{AccessKey, Conditions, KeyId, Order, SealedSecret, Sort, Status, Texts};

/// How long creating a key can be repeated with the same idempotency key (HTTP contract, part B).
pub(crate) const REPLAYED_FOR: TimeDelta = TimeDelta::hours(24);

/// How long keys may be counted (HTTP contract, second edition).
pub(crate) const COUNTED_FOR: Duration = Duration::from_millis(300);

/// What finds the key of a secret: the beginning of an HMAC-SHA256 of the secret, whose key comes from the master key.
pub(crate) type SecretDigest = [u8; 16];

/// Which page of which list.
#[derive(Clone)]
pub(crate) struct PageQuery {
    pub(crate) sort: Sort,
    pub(crate) order: Order,
    pub(crate) conditions: Conditions,
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
    /// The number of all matches, if it was asked for and known within [`COUNTED_FOR`].
    pub(crate) total: Option<u64>,
}

/// An owner of keys as one of the keys spells it, and how many keys have that owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnerCount {
    pub(crate) owner: String,
    pub(crate) keys: u64,
}

/// A key and its place in its list.
#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) key: AccessKey,
    pub(crate) place: Keyset,
}

/// A key to be created, and who asks for it.
#[derive(Clone)]
pub(crate) struct KeyInsert {
    pub(crate) id: KeyId,
    pub(crate) texts: Texts,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// The secret, encrypted with the master key.
    pub(crate) encrypted: Vec<u8>,
    /// The digest of the secret, by that master key.
    pub(crate) digest: SecretDigest,
    /// The ID of that master key.
    pub(crate) encrypted_by: String,
    /// The secret, sealed to the program that asks for it, if it can open that: kept for [`SealedSecret::KEPT`].
    pub(crate) sealed: Option<SealedSecret>,
    pub(crate) actor: Actor,
    /// The key that it replaces, if it replaces one.
    pub(crate) rotation: Option<RotationInsert>,
    /// What is stored of that, filled in by [`RotationInsert::begin`].
    pub(crate) rotated: StoredRotation,
    pub(crate) idempotency_key: String,
    /// SHA-256 of what was asked for.
    pub(crate) fingerprint: [u8; 32],
}

/// The result of creating a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CreateOutcome {
    /// A new key.
    Fresh(AccessKey),
    /// The key that an earlier request with this idempotency key created, and its sealed secret as long as that is kept.
    Replayed(AccessKey, Option<SealedSecret>),
    /// That key was deleted since.
    Gone,
    /// The key that it was to replace can't be replaced.
    NotRotated(RotationRefusal),
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
#[derive(Clone, Default)]
pub(crate) struct Change {
    pub(crate) texts: Texts,
    pub(crate) switched_off: Option<bool>,
    /// When a key that is switched off becomes active again by itself; never if none.
    pub(crate) reactivates_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<ExpiryChange>,
    /// The revision that the key must have.
    pub(crate) revision: Option<u64>,
}

/// What became of a change that may need a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangeOutcome<T> {
    Done(T),
    /// The key has another revision: this is the key as it is.
    Changed(Box<AccessKey>),
    /// There is no such key.
    Missing,
}

impl<T> ChangeOutcome<T> {
    pub(crate) fn changed(key: AccessKey) -> Self {
        Self::Changed(Box::new(key))
    }
}

/// The fields of a key that a [`Change`] can reach, and its generation. Times are milliseconds since 1970.
pub(crate) struct Editable {
    /// The texts that users write, by the names of their fields.
    pub(crate) texts: BTreeMap<&'static str, String>,
    pub(crate) off: SwitchedOff,
    pub(crate) expires_at: Option<i64>,
    pub(crate) generation: i64,
    /// Grows with each change.
    pub(crate) revision: i64,
    pub(crate) rotation: StoredRotation,
}

impl Change {
    /// Whether it may take rights away from a key: such a change is stored also when the disk is full, and answered when
    /// every server obeys it.
    pub(crate) fn may_revoke(&self) -> bool {
        self.switched_off == Some(true) || matches!(self.expires_at, Some(ExpiryChange::At(_)))
    }

    /// Whether it may be made to a key with this revision.
    pub(crate) fn fits(&self, revision: i64) -> bool {
        self.revision.is_none_or(|expected| i64::try_from(expected) == Ok(revision))
    }

    /// Makes the changes that change something, and gives them.
    pub(crate) fn apply(self, key: &mut Editable, now: DateTime<Utc>) -> Vec<FieldChange> {
        let mut done = Vec::new();
        for (name, text) in self.texts.iter() {
            let old = key.texts.insert(name, text.to_owned());
            if old.as_deref() != Some(text) {
                done.push(FieldChange::new(name, old.as_deref(), Some(text)));
            }
        }
        if let Some(is_off) = self.switched_off {
            let new = SwitchedOff { is_off, until: self.reactivates_at.filter(|_| is_off) };
            let old = std::mem::replace(&mut key.off, new);
            // Access tokens issued so far stay revoked, also when the key is activated again.
            key.generation += i64::from(is_off && !old.is_off);
            done.extend(switched(old, new));
        }
        if let Some(end) = self.expires_at.map(|end| end.time().map(|end| end.timestamp_millis()))
            && end != key.expires_at
        {
            if self.moves_rotation(key, now) {
                key.rotation.until = end.unwrap_or(i64::MAX);
            }
            // Tokens from before the expiry stay revoked when it is taken back.
            key.generation += i64::from(key.expires_at.is_some_and(|old| old <= now.timestamp_millis()));
            done.push(expiry_change(key.expires_at, end));
            key.expires_at = end;
        }
        key.revision += i64::from(!done.is_empty());
        done
    }
}

/// What differs when a key is switched on or off.
fn switched(old: SwitchedOff, new: SwitchedOff) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    if old.is_off != new.is_off {
        changes.push(FieldChange::new(STATUS, Some(switch(old.is_off)), Some(switch(new.is_off))));
    }
    let [was, is] = [old, new].map(|off| off.until.map(|until| until.timestamp_millis()));
    if was != is {
        let [was, is] = [was, is].map(|until| until.map(expiry));
        changes.push(FieldChange::new(REACTIVATES_AT, was.as_deref(), is.as_deref()));
    }
    changes
}

/// That a key which was switched off until `due` has become active again by itself. At that time, unless a reader of the
/// trail could miss it there: after all servers were stopped for long.
pub(crate) fn reactivated(id: &str, due: DateTime<Utc>, now: DateTime<Utc>) -> NewEvent {
    NewEvent {
        about: Subject::Key(id.to_owned()),
        kind: EventKind::Reactivated,
        at: if now - due < MOST_LATE { due } else { now },
        by: None,
        from: None,
        detail: None,
        changes: switched(SwitchedOff { is_off: true, until: Some(due) }, SwitchedOff::default()),
    }
}

const STATUS: &str = "status";
const EXPIRES_AT: &str = "expires_at";
const REACTIVATES_AT: &str = "reactivates_at";

/// What was edited, in short.
pub(crate) fn edited(changes: &[FieldChange]) -> String {
    let words = changes.iter().map(|change| match change.field.as_str() {
        STATUS if change.new.as_deref() == Some(switch(true)) => "deactivated",
        STATUS => "activated",
        field => field,
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The status that an administrator gives a key, whether it has expired or not.
const fn switch(off: bool) -> &'static str {
    if off { Status::Inactive.as_str() } else { Status::Active.as_str() }
}

/// Another expiry, in milliseconds since 1970.
pub(crate) fn expiry_change(old: Option<i64>, new: Option<i64>) -> FieldChange {
    let [old, new] = [old, new].map(|end| end.map(expiry));
    FieldChange::new(EXPIRES_AT, old.as_deref(), new.as_deref())
}

/// An expiry as it is shown.
fn expiry(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl Editable {
    /// Stores what the clock says: a key that was switched off for a while is on again. Gives when that was due, if it was.
    pub(crate) fn reactivate(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let due = self.off.due(now)?;
        self.off = SwitchedOff::default();
        self.revision += 1;
        Some(due)
    }

    /// What there is to know of a key that was created.
    pub(crate) fn as_created(&self) -> Vec<FieldChange> {
        self.values().map(|(field, value)| FieldChange::new(field, None, Some(&value))).collect()
    }

    /// What there was to know of a key that is deleted.
    pub(crate) fn as_deleted(&self) -> Vec<FieldChange> {
        self.values().map(|(field, value)| FieldChange::new(field, Some(&value), None)).collect()
    }

    /// The fields that have a value.
    fn values(&self) -> impl Iterator<Item = (&'static str, String)> {
        let texts = self.texts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (*name, text.clone()));
        let off = self.off.is_off.then(|| (STATUS, switch(true).to_owned()));
        let until = self.off.until.map(|until| (REACTIVATES_AT, expiry(until.timestamp_millis())));
        texts.chain(off).chain(until).chain(self.expires_at.map(|end| (EXPIRES_AT, expiry(end))))
    }
}

impl KeyInsert {
    /// The fields as they are stored.
    pub(crate) fn fields(&self) -> Editable {
        Editable {
            texts: self.texts.iter().map(|(name, text)| (name, text.to_owned())).collect(),
            off: SwitchedOff::default(),
            expires_at: self.expires_at.map(|end| end.timestamp_millis()),
            generation: 0,
            revision: 1,
            rotation: self.rotated.clone(),
        }
    }
}

/// What decides whether a key may be used.
pub(crate) struct KeyCredential {
    pub(crate) status: Status,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Access tokens of another generation are revoked.
    pub(crate) generation: i64,
    /// The secret, encrypted with the master key.
    pub(crate) encrypted: Vec<u8>,
    /// Whether a rotation put another key in its place.
    pub(crate) is_replaced: bool,
    /// Whether it is the new key of a rotation that is under way and can be undone, since no use of it is stored.
    pub(crate) is_unused_successor: bool,
}

/// The encrypted secret of a key, and its place in the order of creation.
pub(crate) struct StoredSecret {
    pub(crate) seq: i64,
    /// The key's ID.
    pub(crate) id: String,
    /// The secret, encrypted with the master key.
    pub(crate) encrypted: Vec<u8>,
}

/// The digest of a stored secret.
#[derive(Clone)]
pub(crate) struct Digested {
    pub(crate) seq: i64,
    /// The secret as it was: if it is encrypted anew by now, its digest is another one too.
    pub(crate) encrypted: Vec<u8>,
    /// `None` if no master key opens the secret: it is not tried again.
    pub(crate) digest: Option<SecretDigest>,
}

impl Digested {
    /// In place of a digest that can't be made: shorter than any, and another one for each secret.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.digest.map_or_else(|| self.seq.to_be_bytes().to_vec(), Vec::from)
    }
}

/// Whose secret one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretOwner {
    Key(Box<AccessKey>),
    /// That of no key.
    Nobody,
    /// Of none whose digest is made: some are not.
    Unknown,
}

/// The last use of a key.
#[derive(Clone)]
pub(crate) struct Use {
    pub(crate) at: DateTime<Utc>,
    pub(crate) from: String,
}
