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
        let others = [(self.already, act.already()), (self.kept, "left unchanged"), (self.failed, "failed")];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others = others.map(|(count, what)| format!("{} {what}", grouped(count)));
        std::iter::once(act.done_to(self.done)).chain(others).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Texts;
    use crate::domain::key::fields;

    #[test]
    fn what_was_set_is_said() {
        let end = "2027-02-25T12:00:00Z".parse().unwrap();
        let act = |owner: Option<&str>, expires_at| {
            let mut texts = Texts::default();
            if let Some(owner) = owner {
                texts.set(fields::named("owner").unwrap(), owner).unwrap();
            }
            BulkAct::Edit { texts, expires_at }
        };
        let one = Tally { done: 1, ..Tally::default() };
        let many = Tally { done: 1500, already: 2, failed: 1, ..Tally::default() };
        for (tally, act, words) in [
            (many, act(None, Some(Some(end))), "1,500 keys now expire on 2027-02-25, 2 already so, 1 failed"),
            (one, act(Some("ops"), Some(Some(end))), "1 key now expires on 2027-02-25, owner is now ops"),
            (one, act(Some("ops"), None), "1 key: owner is now ops"),
            (one, act(Some(""), Some(None)), "1 key no longer expires, no owner any more"),
            (Tally::default(), act(Some("ops"), None), "0 edited"),
            (many, BulkAct::Delete, "1,500 deleted, 2 already deleted, 1 failed"),
        ] {
            assert_eq!(tally.in_words(&act), words);
        }
    }
}
