//! Taking back an act on many keys: each key gets what it had, unless someone has changed it since.

use std::time::Instant;

use chrono::{DateTime, Utc};

use super::run::Pending;
use super::{BulkAct, BulkRun, KeyOutcome, Selection, Walk, counted};
use crate::client::{Changes, KeyChange};
use crate::domain::key::fields;
use crate::domain::{AccessKey, KeyId, Status, Untrusted};
use crate::operations::keys::{changes, edit};

/// What takes a change of a key back, unless the key was changed since.
#[derive(Clone, Debug)]
pub struct Reversal {
    id: KeyId,
    label: Untrusted,
    changes: Changes,
}

/// Said of a key that was changed since the change that is to be undone.
pub(super) const CHANGED_SINCE: &str = "changed since";
/// Said of a key that can't get its expiry date back.
const HAS_PASSED: &str = "its earlier expiry date has passed";
/// Said of a key that was deactivated for a while, and would be active again by now.
const HAS_ENDED: &str = "its deactivation would have ended";
/// The most changes that can be undone: 30 MB of them.
const MOST_REVERSALS: usize = 100_000;

impl BulkRun {
    /// The undoing of an earlier act. A key that was changed since is left as it is.
    pub fn undo(reversals: Vec<Reversal>, now: DateTime<Utc>, begun: Instant) -> Self {
        let mut run = Self::new(BulkAct::Undo, Walk::new(Selection::Keys(Vec::new())), now, begun);
        run.total = Some(reversals.len() as u64);
        for reversal in reversals {
            let too_late = reversal.is_too_late(now);
            let Reversal { id, label, changes } = reversal;
            if let Some(why) = too_late {
                run.tell(id, label, KeyOutcome::Kept(why));
                continue;
            }
            let change = KeyChange::Edit(id.clone(), changes);
            run.queue.push_back(Pending { id, label, change, before: None, is_resent: false });
        }
        run
    }

    /// Keeps what takes a change back, as long as that is everything. A server without revisions can't tell whether
    /// another administrator has changed the key since: then it is nothing.
    pub(super) fn note_reversal(&mut self, before: &AccessKey, changes: Option<Changes>) {
        self.is_too_much_to_undo |= self.reversals.len() >= MOST_REVERSALS;
        if self.is_too_much_to_undo {
            self.reversals = Vec::new();
            return;
        }
        let (id, label) = (&before.id, &before.label);
        self.reversals.extend(changes.map(|changes| Reversal { id: id.clone(), label: label.clone(), changes }));
    }

    /// Keeps what takes a change back that may have been made: its answer was lost. Of an undoing it keeps what could not
    /// be made.
    pub(super) fn keep_reversal(&mut self, one: &Pending) {
        match (&self.act, &one.change, &one.before) {
            (BulkAct::Undo, KeyChange::Edit(_, changes), _) => {
                let (id, label, changes) = (one.id.clone(), one.label.clone(), changes.clone());
                self.reversals.push(Reversal { id, label, changes });
            }
            (_, KeyChange::Edit(_, changes), Some(before)) if one.is_resent => {
                self.note_reversal(before, changes::inverse(before, changes));
            }
            _ => {}
        }
    }

    /// What takes back what was done, and what may have been done: what was sent and not answered, which is taken back
    /// only where it was made. Of an undoing that was stopped, it is what is left of it.
    pub(crate) fn take_reversals(&mut self) -> Vec<Reversal> {
        let sent = self.sent.iter().map(|one| Pending { is_resent: true, ..one.clone() });
        let left: Vec<Pending> = sent.chain(self.queue.iter().cloned()).collect();
        for one in left {
            self.keep_reversal(&one);
        }
        std::mem::take(&mut self.reversals)
    }
}

/// What becomes of how many keys, in sentences.
pub(super) fn in_words(reversals: &[Reversal], now: DateTime<Utc>) -> String {
    let mut groups: Vec<(Becomes, u64)> = Vec::new();
    for reversal in reversals {
        let becomes = reversal.becomes(now);
        match groups.iter_mut().find(|(known, _)| *known == becomes) {
            Some((_, count)) => *count += 1,
            None => groups.push((becomes, 1)),
        }
    }
    groups.sort_by_key(|(becomes, _)| becomes.stays.is_some());
    let sentences = groups.into_iter().map(|(becomes, count)| becomes.sentence(count));
    sentences.collect::<Vec<_>>().join(" ")
}

/// What a key becomes when a change of it is taken back.
#[derive(PartialEq, Eq)]
struct Becomes {
    /// Active or inactive, in words.
    switched: Option<&'static str>,
    /// What it gets back.
    gets: Vec<String>,
    /// Why it can't be.
    stays: Option<&'static str>,
}

impl Becomes {
    fn sentence(&self, count: u64) -> String {
        let is_one = count == 1;
        let (turn, get, its) = if is_one { ("becomes", "gets", "its") } else { ("become", "get", "their") };
        let keys = counted(count);
        if let Some(why) = self.stays {
            return format!(
                "{keys} {} as {}: {why}.",
                if is_one { "stays" } else { "stay" },
                if is_one { "it is" } else { "they are" }
            );
        }
        let switched = self.switched.map(|switched| format!("{turn} {switched}"));
        let gets = (!self.gets.is_empty()).then(|| format!("{get} back {its} earlier {}", self.gets.join(" and ")));
        format!("{keys} {}.", switched.into_iter().chain(gets).collect::<Vec<_>>().join(" and "))
    }
}

impl Reversal {
    /// Why it can't be made any more.
    fn is_too_late(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let Changes { expires_at, reactivates_at, .. } = &self.changes;
        // The server takes no expiry in the past.
        let has_passed = expires_at.flatten().is_some_and(|end| end <= now);
        let has_ended = reactivates_at.is_some_and(|end| end <= now);
        has_passed.then_some(HAS_PASSED).or_else(|| has_ended.then_some(HAS_ENDED))
    }

    fn becomes(&self, now: DateTime<Utc>) -> Becomes {
        let Changes { texts, status, reactivates_at, expires_at, .. } = &self.changes;
        let switched = status.map(|status| match (status, reactivates_at) {
            (Status::Inactive, Some(_)) => "inactive again for a while",
            (Status::Inactive, None) => "inactive again",
            _ => "active again",
        });
        let title = |name| fields::named(name).map_or(name, |field| field.title).to_lowercase();
        let texts = texts.iter().map(|(name, _)| title(name));
        let gets = texts.chain(expires_at.map(|_| "expiry date".to_owned())).collect();
        match self.is_too_late(now) {
            stays @ Some(_) => Becomes { switched: None, gets: Vec::new(), stays },
            None => Becomes { switched, gets, stays: None },
        }
    }
}

/// Whether a key is what a change of ours has made of it, and nothing else has changed it since.
pub(crate) fn was_made(change: &KeyChange, key: &AccessKey) -> bool {
    let KeyChange::Edit(id, changes) = change else { return false };
    // An expired key doesn't show whether it was deactivated too.
    let status = changes.status.filter(|_| key.status != Status::Expired);
    changes.revision.is_some_and(|revision| key.revision == Some(revision + 1))
        && is_so(&KeyChange::Edit(id.clone(), Changes { status, ..changes.clone() }), key)
}

/// Whether a key is already as a change would make it.
pub(super) fn is_so(change: &KeyChange, key: &AccessKey) -> bool {
    let KeyChange::Edit(_, Changes { texts, status, reactivates_at, expires_at, .. }) = change else { return false };
    let is_switched = |status| status == key.status && *reactivates_at == key.reactivates_at;
    status.is_none_or(is_switched) && edit::changes(key, texts.clone(), *expires_at).is_none()
}

#[cfg(test)]
mod tests {
    use crate::client::{ApiError, KeyChanged};
    use crate::operations::keys::bulk::undo::*;
    use crate::operations::keys::bulk::{KeyResult, RunStep};

    fn key(revision: u64, status: Status) -> AccessKey {
        let new = AccessKey::new(KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), Utc::now());
        AccessKey { revision: Some(revision), status, ..new }
    }

    fn deactivation(key: AccessKey) -> BulkRun {
        let keys = Selection::Keys(vec![key]);
        let mut run = BulkRun::unasked(BulkAct::Deactivate(None), keys, false, Utc::now(), Instant::now());
        assert!(matches!(run.step(8), RunStep::Change(changes) if changes.len() == 1));
        run
    }

    fn changed_to(key: AccessKey) -> Vec<Result<KeyChanged, ApiError>> {
        vec![Err(ApiError::Changed(Some(Box::new(key))))]
    }

    fn lost() -> Vec<Result<KeyChanged, ApiError>> {
        vec![Err(ApiError::Unreachable(Untrusted::default()))]
    }

    #[test]
    fn a_change_whose_answer_was_lost_is_done_and_can_be_undone() {
        for (revision, is_ours) in [(8, true), (9, false)] {
            let mut run = deactivation(key(7, Status::Active));
            run.on_changed(lost());
            assert!(matches!(run.step(8), RunStep::Change(_)), "it is sent again");
            run.on_changed(changed_to(key(revision, Status::Inactive)));
            assert_eq!((run.tally.done, run.tally.already), (u64::from(is_ours), u64::from(!is_ours)));
            assert_eq!(run.take_reversals().len(), usize::from(is_ours));
        }
        // It was sent once: what another administrator has done is not undone.
        let mut run = deactivation(key(7, Status::Active));
        run.on_changed(changed_to(key(8, Status::Inactive)));
        assert_eq!((run.tally.already, run.take_reversals().len()), (1, 0));
    }

    #[test]
    fn of_a_deactivation_that_was_stopped_what_may_have_been_made_is_undone() {
        // Its answer was lost and it waits to be sent again, or its answer is awaited.
        for is_lost in [true, false] {
            let mut run = deactivation(key(7, Status::Active));
            if is_lost {
                run.on_changed(lost());
            }
            run.stopping = true;
            let reversals = run.take_reversals();
            let rest = run.take_rest();
            assert!(matches!(&rest[..], [KeyResult { outcome: KeyOutcome::Kept("sent; result unknown"), .. }]));
            for (now, undone, already) in [(key(8, Status::Inactive), 1, 0), (key(7, Status::Active), 0, 1)] {
                let mut undo = BulkRun::undo(reversals.clone(), Utc::now(), Instant::now());
                let RunStep::Change(changes) = undo.step(8) else { panic!("nothing is undone") };
                let [KeyChange::Edit(_, Changes { status: Some(Status::Active), revision: Some(8), .. })] =
                    &changes[..]
                else {
                    panic!("{changes:?}");
                };
                undo.on_changed(match undone {
                    1 => vec![Ok(KeyChanged::Edited(Box::new(AccessKey { status: Status::Active, ..now }.into())))],
                    _ => changed_to(now),
                });
                assert_eq!((undo.tally.done, undo.tally.already), (undone, already));
            }
        }
    }

    #[test]
    fn an_expired_key_whose_deactivation_was_not_answered_is_done() {
        let mut run = deactivation(key(7, Status::Expired));
        run.on_changed(lost());
        assert!(matches!(run.step(8), RunStep::Change(_)));
        run.on_changed(changed_to(key(8, Status::Expired)));
        assert_eq!((run.tally.done, run.tally.failed), (1, 0));
    }

    #[test]
    fn a_deletion_whose_answer_was_lost_is_done() {
        for (lost_before, done, already) in [(true, 1, 0), (false, 0, 1)] {
            let mut run = BulkRun::deletion(vec![key(1, Status::Active).id], Utc::now(), Instant::now());
            assert!(matches!(run.step(8), RunStep::Change(_)));
            if lost_before {
                run.on_changed(lost());
                assert!(matches!(run.step(8), RunStep::Change(_)));
            }
            run.on_changed(vec![Ok(KeyChanged::Deleted(false.into()))]);
            assert_eq!((run.tally.done, run.tally.already), (done, already));
        }
    }

    #[test]
    fn what_an_undo_could_not_send_can_still_be_undone() {
        let reversals = || {
            let mut run = deactivation(key(7, Status::Active));
            run.on_changed(vec![Ok(KeyChanged::Edited(Box::new(key(8, Status::Inactive).into())))]);
            run.take_reversals()
        };
        let undo = || BulkRun::undo(reversals(), Utc::now(), Instant::now());
        // It was given up, stopped before it began, or stopped while its answer was awaited.
        let (mut given_up, stopped, mut sent) = (undo(), undo(), undo());
        assert!(matches!(given_up.step(8), RunStep::Change(_)) && matches!(sent.step(8), RunStep::Change(_)));
        given_up.on_changed(lost());
        given_up.give_up();
        for mut run in [given_up, stopped, sent] {
            let _: Vec<KeyResult> = run.take_rest();
            assert_eq!(run.take_reversals().len(), 1);
        }
        let mut refused = undo();
        assert!(matches!(refused.step(8), RunStep::Change(_)));
        refused.on_changed(changed_to(key(9, Status::Active)));
        assert_eq!(refused.take_reversals().len(), 0, "it is settled");
    }

    #[test]
    fn too_many_changes_are_not_undone_by_half() {
        let (before, now) = (key(7, Status::Active), key(8, Status::Inactive));
        let mut run = deactivation(before.clone());
        for _ in 0..MOST_REVERSALS {
            run.note_reversal(&before, changes::back(&before, &now));
        }
        assert!(!run.is_too_much_to_undo);
        run.note_reversal(&before, changes::back(&before, &now));
        run.note_reversal(&before, changes::back(&before, &now));
        assert!(run.is_too_much_to_undo);
        run.on_changed(Vec::new());
        assert_eq!(run.take_reversals().len(), 0);
    }

    #[test]
    fn a_yes_is_enough_in_production_too() {
        let live = Some("live".to_owned());
        assert_eq!(BulkAct::Undo.confirmation(38, false, live.clone()), None);
        let phrase = |act: BulkAct| act.confirmation(38, false, live.clone()).map(|confirmation| confirmation.phrase());
        assert_eq!(phrase(BulkAct::Deactivate(None)).as_deref(), Some("deactivate 38 live"));
    }

    #[test]
    fn what_becomes_of_how_many_keys_is_said() {
        let now = Utc::now();
        let reversal = |changes: Changes| {
            let AccessKey { id, label, .. } = key(1, Status::Active);
            Reversal { id, label, changes }
        };
        let to = |status| Changes { status: Some(status), ..Changes::default() };
        let ending = |end| Changes { expires_at: Some(Some(end)), ..Changes::default() };
        let later = now + chrono::TimeDelta::days(3);
        let mut owned = ending(later);
        owned.texts.set(crate::domain::key::fields::named("owner").unwrap(), "mia").unwrap();
        let mut all = vec![reversal(to(Status::Active)); 1200];
        assert_eq!(in_words(&all, now), "1,200 keys become active again.");
        all.truncate(1);
        all.extend([owned, ending(later), ending(later), ending(now)].map(reversal));
        all.push(reversal(Changes { reactivates_at: Some(later), ..to(Status::Inactive) }));
        assert_eq!(
            in_words(&all, now),
            "1 key becomes active again. 1 key gets back its earlier owner and expiry date. 2 keys get back their earlier \
             expiry date. 1 key becomes inactive again for a while. 1 key stays as it is: its earlier expiry date has \
             passed."
        );
    }
}
