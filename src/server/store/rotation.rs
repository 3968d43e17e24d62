//! Rotating a key: which key may be replaced, and what becomes of the pair. Every engine follows these rules.
//!
//! The old key ends by its expiry, so that it does whatever servers run then. A rotation is under way until that time, or
//! until it is finished or taken back; nothing has to happen for it to be over.

use chrono::{DateTime, Utc};

use super::events::{Actor, EventKind, FieldChange, NewEvent, Subject};
use super::keys::{Change, Editable, KeyInsert, expiry_change};
use super::status::status;
use crate::domain::{AccessKey, KeyId, Lifetimes, Rotation, Status};

/// What a rotation asks for, beside the new key.
#[derive(Clone)]
pub(crate) struct RotationInsert {
    /// The ID of the key to be replaced.
    pub(crate) old: String,
    /// The revision that it must have.
    pub(crate) revision: Option<u64>,
    /// When it ends, unless it ends before.
    pub(crate) ends_at: DateTime<Utc>,
    /// Whether the new key expires as the old one does, but no later than this allows.
    pub(crate) inherits_expiry: Option<Lifetimes>,
}

/// How a rotation that is under way is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RotationEnd {
    /// The old key ends now.
    Finish,
    /// It is taken back: the new key, which was never used, is deleted, and the old one has its expiry again.
    Undo,
}

/// Why a rotation can't be begun, finished or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RotationRefusal {
    /// There is no such key.
    Missing,
    /// The key has another revision: this is the key as it is.
    Changed(Box<AccessKey>),
    /// It has another status than active.
    NotActive(Status),
    /// It is one of the two keys of a rotation that is under way.
    UnderWay,
    /// It is in no rotation that is under way.
    NotRotating,
    /// The new key was used.
    Used,
}

/// What became of a rotation that was finished or taken back: the keys that are left, the old one first.
pub(crate) type RotationOutcome = Result<Vec<AccessKey>, RotationRefusal>;

/// The keys of a rotation that is under way.
pub(crate) struct Pair {
    pub(crate) old: PairKey,
    pub(crate) new: PairKey,
}

/// One of them, with its place in the table.
pub(crate) struct PairKey {
    pub(crate) id: String,
    pub(crate) seq: i64,
    pub(crate) fields: Editable,
}

impl Pair {
    /// Ends the rotation, and gives the events of that. By an undo the new key is deleted.
    pub(crate) fn end(&mut self, end: RotationEnd, actor: &Actor, now: DateTime<Utc>) -> Vec<NewEvent> {
        let Self { old, new } = self;
        let event = |key: &PairKey, kind| NewEvent::of(actor, Subject::Key(key.id.clone()), kind, now);
        let detail = Some(new.id.clone());
        match end {
            RotationEnd::Finish => {
                let changes = old.fields.finish_rotation(now);
                new.fields.rotation.until = 0;
                new.fields.revision += 1;
                vec![NewEvent { detail, changes, ..event(old, EventKind::RotationFinished) }]
            }
            RotationEnd::Undo => {
                let changes = old.fields.undo_rotation(now);
                let deleted = NewEvent { changes: new.fields.as_deleted(), ..event(new, EventKind::Deleted) };
                vec![deleted, NewEvent { detail, changes, ..event(old, EventKind::RotationUndone) }]
            }
        }
    }
}

/// What is stored of a key about its last rotation. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredRotation {
    pub(crate) replaces: Option<String>,
    pub(crate) replaced_by: Option<String>,
    /// It is under way until then; 0 is before all times.
    pub(crate) until: i64,
    /// The old key's expiry without it.
    pub(crate) end_before: Option<i64>,
}

impl StoredRotation {
    pub(crate) fn is_under_way(&self, now: DateTime<Utc>) -> bool {
        self.until > now.timestamp_millis()
    }

    /// The IDs of the pair that is under way, the old key's first; `own` is the ID of the key that this is about.
    pub(crate) fn pair(&self, own: &str, now: DateTime<Utc>) -> Option<(String, String)> {
        if !self.is_under_way(now) {
            return None;
        }
        match (&self.replaces, &self.replaced_by) {
            (_, Some(new)) => Some((own.to_owned(), new.clone())),
            (Some(old), None) => Some((old.clone(), own.to_owned())),
            (None, None) => None,
        }
    }

    /// The same as users see it.
    pub(crate) fn side(
        replaces: Option<&str>,
        replaced_by: Option<&str>,
        until: i64,
        now: DateTime<Utc>,
    ) -> Option<Rotation> {
        if until <= now.timestamp_millis() {
            return None;
        }
        let id = |text: &str| KeyId::parse(text).ok();
        let new = replaced_by.and_then(id).map(Rotation::ReplacedBy);
        new.or_else(|| replaces.and_then(id).map(Rotation::Replaces))
    }
}

impl RotationInsert {
    /// Replaces the old key by the new one, which takes over what it was not given. Gives what changes of the old key.
    pub(crate) fn begin(
        &self,
        new: &mut KeyInsert,
        old: &mut Editable,
        now: DateTime<Utc>,
    ) -> Result<Vec<FieldChange>, RotationRefusal> {
        if old.rotation.is_under_way(now) {
            return Err(RotationRefusal::UnderWay);
        }
        let end = old.expires_at.map(|end| DateTime::from_timestamp_millis(end).unwrap_or_default());
        match status(old.off, end, now) {
            Status::Active => {}
            other => return Err(RotationRefusal::NotActive(other)),
        }
        for (name, text) in &old.texts {
            new.texts.inherit(name, text);
        }
        if let Some(lifetimes) = self.inherits_expiry {
            new.expires_at = lifetimes.capped(end, now);
        }
        let ends_at = end.map_or(self.ends_at, |end| end.min(self.ends_at)).max(now).timestamp_millis();
        let changes = vec![
            FieldChange::new("replaced_by", None, Some(new.id.raw_for_api())),
            expiry_change(old.expires_at, Some(ends_at)),
        ];
        old.rotation = StoredRotation {
            replaces: None,
            replaced_by: Some(new.id.raw_for_api().to_owned()),
            until: ends_at,
            end_before: old.expires_at,
        };
        old.expires_at = Some(ends_at);
        old.generation += i64::from(ends_at <= now.timestamp_millis());
        old.revision += 1;
        new.rotated = StoredRotation { replaces: Some(self.old.clone()), until: ends_at, ..StoredRotation::default() };
        Ok(changes)
    }
}

impl Editable {
    /// Ends the old key of a rotation that is under way, and the rotation with it.
    pub(crate) fn finish_rotation(&mut self, now: DateTime<Utc>) -> Vec<FieldChange> {
        let ended = Some(now.timestamp_millis());
        let change = expiry_change(self.expires_at, ended);
        self.expires_at = ended;
        // Its tokens end by this too, on servers whose clock is behind.
        self.generation += 1;
        self.rotation.until = 0;
        self.revision += 1;
        vec![change]
    }

    /// Gives the old key of a rotation its expiry again.
    pub(crate) fn undo_rotation(&mut self, now: DateTime<Utc>) -> Vec<FieldChange> {
        let before = self.rotation.end_before;
        let change = expiry_change(self.expires_at, before);
        // Tokens from before an expiry stay revoked when it is taken back.
        self.generation += i64::from(self.expires_at.is_some_and(|end| end <= now.timestamp_millis()));
        self.expires_at = before;
        self.revision += 1;
        self.rotation = StoredRotation::default();
        vec![change]
    }
}

impl Change {
    /// Whether it gives the old key of a rotation another end: then the rotation is under way until then.
    pub(crate) fn moves_rotation(&self, key: &Editable, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some() && key.rotation.is_under_way(now) && key.rotation.replaced_by.is_some()
    }
}
