//! What became of keys: of each, and of how many.

use super::BulkAct;
use crate::domain::{AccessKey, InForce, KeyId, Untrusted};
use crate::operations::failure::Exit;
use crate::operations::format::grouped;

/// What became of one key.
#[derive(Clone, Debug)]
pub struct KeyResult {
    pub id: KeyId,
    pub label: Untrusted,
    pub outcome: KeyOutcome,
}

#[derive(Clone, Debug)]
pub enum KeyOutcome {
    /// It is done: holds the key as it is now, if it is still there, and where it is refused.
    Done(Option<Box<AccessKey>>, Option<InForce>),
    /// It was so already.
    Already,
    /// It is not there.
    Missing,
    /// It was left as it was; says why.
    Kept(&'static str),
    /// It could not be done.
    Failed(Failed),
}

/// Why a key could not be changed.
#[derive(Clone, Debug)]
pub struct Failed {
    pub why: String,
    pub exit: Exit,
}

/// How many keys came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u64,
    /// Nothing had to be done.
    pub already: u64,
    /// They were left as they were.
    pub kept: u64,
    pub failed: u64,
}

impl KeyOutcome {
    /// What became of the key, and why: a promise to scripts.
    pub(crate) fn words(&self, act: &BulkAct) -> (&'static str, Option<&str>) {
        match self {
            Self::Done(..) => (act.done(), None),
            Self::Already => ("already", Some(act.already())),
            Self::Missing => ("not_found", None),
            Self::Kept(why) => ("kept", Some(why)),
            Self::Failed(Failed { why, .. }) => ("failed", Some(why)),
        }
    }
}

impl Tally {
    /// Counts one more.
    pub(super) const fn count(&mut self, outcome: &KeyOutcome, act: &BulkAct) {
        let count = match (outcome, act) {
            (KeyOutcome::Done(..), _) => &mut self.done,
            (KeyOutcome::Already, _) | (KeyOutcome::Missing, BulkAct::Delete) => &mut self.already,
            (KeyOutcome::Kept(_), _) => &mut self.kept,
            (KeyOutcome::Missing | KeyOutcome::Failed(_), _) => &mut self.failed,
        };
        *count += 1;
    }

    /// How many keys are settled.
    pub const fn all(&self) -> u64 {
        self.done + self.already + self.kept + self.failed
    }

    /// "38 deleted, 1 already deleted, 1 failed".
    pub(super) fn in_words(&self, act: &BulkAct) -> String {
        let mut parts = vec![(self.done, act.done())];
        let others = [(self.already, act.already()), (self.kept, "left unchanged"), (self.failed, "failed")];
        parts.extend(others.into_iter().filter(|(count, _)| *count > 0));
        let parts: Vec<String> = parts.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        parts.join(", ")
    }
}
