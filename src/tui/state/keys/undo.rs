//! Taking back the last change of a key.

use std::time::{Duration, Instant};

use crate::client::Changes;
use crate::domain::AccessKey;
use crate::operations::keys::changes;
use crate::tui::state::ClockReading;

/// So long a press takes it back: a later one may be about something else.
const OFFERED_FOR: Duration = Duration::from_secs(60);

/// The last change of a key that was made here.
#[derive(Debug)]
pub struct Undo {
    /// The key as the change left it.
    pub key: AccessKey,
    /// What takes it back, unless the key was changed since.
    pub changes: Changes,
    until: Instant,
    /// Whether it was asked for; the answer is awaited.
    pub is_sent: bool,
}

impl Undo {
    /// None if nothing was changed, or if it can't be taken back without overwriting what others do.
    pub fn of(before: &AccessKey, key: &AccessKey, now: ClockReading) -> Option<Self> {
        let changes = changes::back(before, key)?;
        // The server takes no expiry in the past.
        let has_passed = changes.expires_at.flatten().is_some_and(|end| end <= now.utc);
        let undo = Self { key: key.clone(), changes, until: now.at + OFFERED_FOR, is_sent: false };
        (!has_passed).then_some(undo)
    }

    pub fn is_offered(&self, at: Instant) -> bool {
        !self.is_sent && at < self.until
    }
}
