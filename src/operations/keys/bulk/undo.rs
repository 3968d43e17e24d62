//! Taking back an act on many keys: each key gets what it had, unless someone has changed it since.

use std::time::Instant;

use chrono::{DateTime, Utc};

use super::run::Pending;
use super::{BulkAct, BulkRun, KeyOutcome, Selection, Walk};
use crate::client::{Changes, KeyChange};
use crate::domain::{AccessKey, KeyId, Untrusted};
use crate::operations::keys::{changes, edit};

/// What takes a change of a key back, unless the key was changed since.
#[derive(Clone, Debug)]
pub struct Reversal {
    id: KeyId,
    label: Untrusted,
    changes: Changes,
}

/// Said of a key that someone has changed since the change that is to be undone.
pub(super) const CHANGED_SINCE: &str = "changed by someone else since";
/// Said of a key that can't get its expiry date back.
const HAS_PASSED: &str = "its earlier expiry date has passed";
/// The most changes that can be undone: 30 MB of them.
const MOST_REVERSALS: usize = 100_000;

impl BulkRun {
    /// The undoing of an earlier act. A key that was changed since is left as it is.
    pub fn undo(reversals: Vec<Reversal>, now: DateTime<Utc>, begun: Instant) -> Self {
        let mut run = Self::new(BulkAct::Undo, Walk::new(Selection::Keys(Vec::new())), now, begun);
        run.total = Some(reversals.len() as u64);
        for Reversal { id, label, changes } in reversals {
            if changes.expires_at.flatten().is_some_and(|end| end <= now) {
                run.tell(id, label, KeyOutcome::Kept(HAS_PASSED)); // the server takes no expiry in the past
                continue;
            }
            let change = KeyChange::Edit(id.clone(), changes);
            run.queue.push_back(Pending { id, label, change, before: None });
        }
        run
    }

    /// Keeps what takes a change back, as long as that is everything.
    pub(super) fn note_reversal(&mut self, before: &AccessKey, now: &AccessKey) {
        let Some(kept) = self.reversals.as_mut().filter(|kept| kept.len() < MOST_REVERSALS) else {
            self.reversals = None;
            return;
        };
        // A server without revisions can't tell whether another administrator has changed it since.
        kept.extend(changes::back(before, now).map(|changes| Reversal {
            id: now.id.clone(),
            label: now.label.clone(),
            changes,
        }));
    }

    /// What takes back what was done; of an undoing that was stopped, what is left of it.
    pub(crate) fn take_reversals(&mut self) -> Vec<Reversal> {
        let reversal = |one: &Pending| match &one.change {
            KeyChange::Edit(id, changes) if self.act == BulkAct::Undo => {
                Some(Reversal { id: id.clone(), label: one.label.clone(), changes: changes.clone() })
            }
            _ => None,
        };
        let left: Vec<Reversal> = self.queue.iter().filter_map(reversal).collect();
        let mut reversals = self.reversals.take().unwrap_or_default();
        reversals.extend(left);
        reversals
    }
}

/// Whether a key is already as a change would make it.
pub(super) fn is_so(change: &KeyChange, key: &AccessKey) -> bool {
    let KeyChange::Edit(_, Changes { texts, status, expires_at, .. }) = change else { return false };
    status.is_none_or(|status| status == key.status) && edit::changes(key, texts.clone(), *expires_at).is_none()
}
