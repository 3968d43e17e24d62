//! Taking back the last change of a key, or of many.

use std::time::{Duration, Instant};

use crate::client::Changes;
use crate::domain::AccessKey;
use crate::operations::keys::bulk::Reversal;
use crate::operations::keys::changes;
use crate::tui::state::ClockReading;

/// So long a press takes it back: a later one may be about something else.
pub(crate) const OFFERED_FOR: Duration = Duration::from_secs(60);

/// The last change that was made here.
#[derive(Debug)]
pub struct Undo {
    pub what: UndoOf,
    until: Instant,
    /// Whether it was asked for; the answer is awaited.
    pub is_sent: bool,
}

/// What takes a change back, unless a key was changed since.
#[derive(Debug)]
pub enum UndoOf {
    /// A key as the change left it, and what changes it back.
    One(Box<AccessKey>, Changes),
    Many(Vec<Reversal>),
    /// The new key of a rotation.
    Rotation(Box<AccessKey>),
}

impl Undo {
    fn new(what: UndoOf, now: ClockReading) -> Self {
        Self { what, until: now.at + OFFERED_FOR, is_sent: false }
    }

    /// None if nothing was changed, or if it can't be taken back without overwriting what others do.
    pub fn of(before: &AccessKey, key: &AccessKey, now: ClockReading) -> Option<Self> {
        let changes = changes::back(before, key)?;
        // The server takes no expiry in the past.
        let has_passed = changes.expires_at.flatten().is_some_and(|end| end <= now.utc);
        (!has_passed).then(|| Self::new(UndoOf::One(Box::new(key.clone()), changes), now))
    }

    /// Takes a rotation back; none if it is over already.
    pub(crate) fn of_rotation(new: &AccessKey, now: ClockReading) -> Option<Self> {
        new.replaces().is_some().then(|| Self::new(UndoOf::Rotation(Box::new(new.clone())), now))
    }

    /// None if there is nothing to take back.
    pub(crate) fn of_many(reversals: Vec<Reversal>, now: ClockReading) -> Option<Self> {
        (!reversals.is_empty()).then(|| Self::new(UndoOf::Many(reversals), now))
    }

    /// Its time begins now: what it is about was on screen until now.
    pub(crate) fn renew(&mut self, now: ClockReading) {
        self.until = now.at + OFFERED_FOR;
    }

    pub fn is_offered(&self, at: Instant) -> bool {
        !self.is_sent && at < self.until
    }

    /// Whether it was asked for, and is about this key.
    pub(crate) fn awaits(&self, key: &AccessKey) -> bool {
        self.is_sent && matches!(&self.what, UndoOf::One(one, _) | UndoOf::Rotation(one) if one.id == key.id)
    }
}
