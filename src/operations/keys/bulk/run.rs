//! The change of many keys, some at a time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::client::{ApiError, Changed, KeyChange, KeyChanged, ListRequest, Page, all_need_sign_in};
use crate::domain::{AccessKey, KeyId, Untrusted};
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::bulk::act::Planned;
use crate::operations::keys::bulk::outcome::Tally;
use crate::operations::keys::bulk::undo::{CHANGED_SINCE, Reversal, is_so, was_made};
use crate::operations::keys::bulk::{
    BulkAct, Failed, KeyOutcome, KeyResult, Selection, Survey, Unusual, Walk, WalkStep,
};
use crate::operations::keys::changes;

/// A change of many keys that is under way, or has ended.
#[derive(Debug)]
pub struct BulkRun {
    pub act: BulkAct,
    walk: Walk,
    /// What was confirmed; without it, every key of the walk is meant.
    survey: Option<Survey>,
    /// Whether keys with a reason to be left out are left out.
    leave_out: bool,
    /// What is still to be done with the keys that were read.
    pub(super) queue: VecDeque<Pending>,
    /// What was sent, and is not answered.
    pub(super) sent: Vec<Pending>,
    /// What takes back what was done.
    pub(super) reversals: Vec<Reversal>,
    /// Whether that was too much to be kept, so that nothing can be undone.
    pub is_too_much_to_undo: bool,
    /// How many keys there are, if that is known.
    pub total: Option<u64>,
    pub tally: Tally,
    /// How many were sent when it ended, and their answers were not awaited or never came.
    pub unknown: u64,
    /// What became of keys since it was asked last.
    results: Vec<KeyResult>,
    /// Why it waits, and how often the same was tried.
    pub trouble: Option<(ApiError, u32)>,
    /// Why it has ended before its end.
    pub broken_off: Option<Failure>,
    /// Whether it ends after what was sent.
    pub stopping: bool,
    pub begun: Instant,
    now: DateTime<Utc>,
}

/// A change that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: KeyId,
    pub(super) label: Untrusted,
    pub(super) change: KeyChange,
    /// The key as it was read; none if it was not.
    pub(super) before: Option<Box<AccessKey>>,
    /// Whether it was sent before, and its answer may have been lost.
    pub(super) is_resent: bool,
}

/// What a run needs to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStep {
    /// This page.
    Read(ListRequest),
    /// This key.
    Look(KeyId),
    /// These changes, as many of them as there is time for.
    Change(Vec<KeyChange>),
    /// Nothing: it has ended.
    End,
}

/// Said of a key that was not tried any more.
const NOT_TRIED: &str = "not tried";
/// Said of a key that is another than the one that was confirmed.
const CHANGED: &str = "new or changed since you confirmed";
/// Said of a key whose change was sent, and whose answer was not awaited.
const NOT_AWAITED: &str = "sent; result unknown";

impl BulkRun {
    /// The change of what was confirmed.
    pub fn confirmed(selection: Selection, survey: Survey, leave_out: bool, begun: Instant) -> Self {
        let (act, now, total) = (survey.act.clone(), survey.now, Some(survey.count));
        Self { leave_out, survey: Some(survey), total, ..Self::new(act, Walk::new(selection), now, begun) }
    }

    /// The change of every key of a selection.
    pub fn unasked(act: BulkAct, selection: Selection, leave_out: bool, now: DateTime<Utc>, begun: Instant) -> Self {
        let total = match &selection {
            Selection::Keys(keys) => Some(keys.len() as u64),
            Selection::Ids(ids) => Some(ids.len() as u64),
            Selection::Matching(..) => None,
        };
        Self { leave_out, total, ..Self::new(act, Walk::new(selection), now, begun) }
    }

    /// The deletion of keys, without reading them first.
    pub fn deletion(ids: Vec<KeyId>, now: DateTime<Utc>, begun: Instant) -> Self {
        let total = Some(ids.len() as u64);
        let delete = |id: KeyId| {
            let change = KeyChange::Delete(id.clone(), None);
            Pending { id, label: Untrusted::default(), change, before: None, is_resent: false }
        };
        let queue = ids.into_iter().map(delete).collect();
        Self { queue, total, ..Self::new(BulkAct::Delete, Walk::new(Selection::Keys(Vec::new())), now, begun) }
    }

    pub(super) fn new(act: BulkAct, walk: Walk, now: DateTime<Utc>, begun: Instant) -> Self {
        Self {
            act,
            walk,
            survey: None,
            leave_out: false,
            queue: VecDeque::new(),
            sent: Vec::new(),
            reversals: Vec::new(),
            is_too_much_to_undo: false,
            total: None,
            tally: Tally::default(),
            unknown: 0,
            results: Vec::new(),
            trouble: None,
            broken_off: None,
            stopping: false,
            begun,
            now,
        }
    }

    /// What comes next; at most so many changes.
    pub fn step(&mut self, at_once: usize) -> RunStep {
        loop {
            if self.stopping || self.broken_off.is_some() {
                return RunStep::End;
            }
            if !self.queue.is_empty() {
                self.sent = self.queue.drain(..self.queue.len().min(at_once)).collect();
                return RunStep::Change(self.sent.iter().map(|one| one.change.clone()).collect());
            }
            match self.walk.step() {
                WalkStep::Keys(keys) => self.take(keys),
                WalkStep::Page(page) => return RunStep::Read(page),
                WalkStep::Key(id) => return RunStep::Look(id),
                WalkStep::End => return RunStep::End,
            }
        }
    }

    /// Takes the page that was asked for.
    pub fn on_page(&mut self, read: Result<Page, ApiError>) {
        match read {
            Ok(page) => {
                self.trouble = None;
                let keys = self.walk.on_page(page);
                self.take(keys);
            }
            Err(error) if is_passing(&error) => self.wait_for(error),
            Err(error) => self.broken_off = Some(error.into()),
        }
    }

    /// Takes the key that was asked for.
    pub(crate) fn on_key(&mut self, read: Result<AccessKey, ApiError>) {
        match read {
            Ok(key) => {
                self.trouble = None;
                self.walk.pass_key();
                self.take(vec![key]);
            }
            Err(error) if error.is_about_key() => {
                if let Some(id) = self.walk.pass_key() {
                    self.fail(id, Untrusted::default(), error);
                }
            }
            Err(error) if is_passing(&error) => self.wait_for(error),
            Err(error) => {
                self.stopping = true; // the next one would fail in the same way
                if let Some(id) = self.walk.pass_key() {
                    self.fail(id, Untrusted::default(), error);
                }
            }
        }
    }

    /// Takes what came of the changes, in their order; the last ones may not have been made.
    pub fn on_changed(&mut self, changed: Vec<Result<KeyChanged, ApiError>>) {
        let mut sent = std::mem::take(&mut self.sent).into_iter();
        let (mut rest, mut trouble, mut is_hopeless) = (Vec::new(), None, false);
        let all_denied = all_need_sign_in(&changed);
        for result in changed {
            let Some(one) = sent.next() else { break };
            let result = match result {
                // It was made, and its answer was lost.
                Err(ApiError::Changed(Some(key))) if one.is_resent && was_made(&one.change, &key) => {
                    Ok(KeyChanged::Edited(Box::new((*key).into())))
                }
                Ok(KeyChanged::Deleted(deleted)) if one.is_resent => {
                    Ok(KeyChanged::Deleted(Changed { result: true, ..deleted }))
                }
                result => result,
            };
            match result {
                Ok(KeyChanged::Deleted(deleted)) if !deleted.result => {
                    self.tell(one.id, one.label, KeyOutcome::Missing);
                }
                Ok(KeyChanged::Deleted(deleted)) => {
                    self.tell(one.id, one.label, KeyOutcome::Done(None, deleted.in_force));
                }
                Ok(KeyChanged::Edited(edited)) => {
                    if let Some(before) = &one.before {
                        self.note_reversal(before, changes::back(before, &edited.result));
                    }
                    self.tell(one.id, one.label, KeyOutcome::Done(Some(Box::new(edited.result)), edited.in_force));
                }
                // Another administrator did the same.
                Err(ApiError::Changed(Some(key))) if is_so(&one.change, &key) => {
                    self.tell(one.id, one.label, KeyOutcome::Already);
                }
                Err(ApiError::Changed(_)) if self.act == BulkAct::Undo => {
                    self.tell(one.id, one.label, KeyOutcome::Kept(CHANGED_SINCE));
                }
                Err(error) if error.is_about_key() => self.fail(one.id, one.label, error),
                Err(error) if is_passing(&error) => {
                    rest.push(Pending { is_resent: true, ..one });
                    trouble.get_or_insert(error);
                    continue;
                }
                // The session has ended in the midst of them, or the first one has met what is in the way of all.
                Err(error) if is_hopeless || (error.needs_sign_in() && !all_denied) => rest.push(one),
                Err(error) => {
                    is_hopeless = true; // the next one would fail in the same way
                    self.keep_reversal(&one);
                    self.fail(one.id, one.label, error);
                }
            }
            self.trouble = None;
        }
        self.stopping |= is_hopeless;
        self.give_back(rest.into_iter().chain(sent).collect());
        if let Some(error) = trouble {
            self.wait_for(error);
        }
    }

    /// Puts back what was not tried.
    fn give_back(&mut self, rest: Vec<Pending>) {
        for one in rest.into_iter().rev() {
            self.queue.push_front(one);
        }
    }

    /// Plans what is to be done with keys.
    fn take(&mut self, keys: Vec<AccessKey>) {
        for key in keys {
            let planned = self.act.plan(&key);
            let is_confirmed = self.survey.as_ref().is_none_or(|survey| survey.has(&key));
            let warning = || Unusual::of(&self.act, &key, self.now).find(|what| what.is_warning());
            let outcome = match planned {
                Planned::Already => KeyOutcome::Already,
                _ if !is_confirmed => KeyOutcome::Kept(CHANGED),
                Planned::Impossible(why) => KeyOutcome::Failed(Failed { why, exit: Exit::Conflict }),
                Planned::Change(change) => {
                    let Some(what) = warning().filter(|_| self.leave_out) else {
                        let (id, label) = (key.id.clone(), key.label.clone());
                        let before = Some(Box::new(key));
                        self.queue.push_back(Pending { id, label, change, before, is_resent: false });
                        continue;
                    };
                    KeyOutcome::Kept(what.clause())
                }
            };
            self.tell(key.id, key.label, outcome);
        }
    }

    fn wait_for(&mut self, error: ApiError) {
        let tries = self.trouble.as_ref().map_or(0, |(_, tries)| *tries);
        self.trouble = Some((error, tries + 1));
    }

    /// Tries no more: ends with why it waits.
    pub(crate) fn give_up(&mut self) {
        let Some((error, _)) = self.trouble.take() else { return };
        self.stopping = true;
        let first = self.queue.pop_front().map(|one| {
            self.keep_reversal(&one);
            (one.id, one.label)
        });
        match first.or_else(|| Some((self.walk.pass_key()?, Untrusted::default()))) {
            Some((id, label)) => self.fail(id, label, error),
            None => self.broken_off = Some(error.into()),
        }
    }

    /// How long it waits before it tries again.
    pub fn pause(&self) -> Option<Duration> {
        let (error, tries) = self.trouble.as_ref()?;
        let told = match error {
            ApiError::TooMany { retry_after, .. } | ApiError::Server { retry_after, .. } => *retry_after,
            _ => None,
        };
        Some(Duration::from_secs(told.unwrap_or(1 << tries.saturating_sub(1).min(4)).min(60))) // 1, 2, 4, 8, 16 s
    }

    fn fail(&mut self, id: KeyId, label: Untrusted, error: ApiError) {
        let outcome = match error {
            ApiError::NotFound(_) => KeyOutcome::Missing,
            error => {
                let failure = Failure::from(error);
                KeyOutcome::Failed(Failed { why: failure.message, exit: failure.exit })
            }
        };
        self.tell(id, label, outcome);
    }

    pub(super) fn tell(&mut self, id: KeyId, label: Untrusted, outcome: KeyOutcome) {
        self.tally.count(&outcome, &self.act);
        self.results.push(KeyResult { id, label, outcome });
    }

    /// What became of keys since this was asked last.
    pub fn take_results(&mut self) -> Vec<KeyResult> {
        std::mem::take(&mut self.results)
    }

    /// What was read and not tried, and what was sent and not answered.
    pub(crate) fn take_rest(&mut self) -> Vec<KeyResult> {
        self.reversals = self.take_reversals(); // of an undoing: what is left of it
        let sent = self.sent.drain(..).map(|one| Pending { is_resent: true, ..one });
        let rest = sent.chain(self.queue.drain(..)).map(|one| {
            self.unknown += u64::from(one.is_resent);
            let why = if one.is_resent { NOT_AWAITED } else { NOT_TRIED };
            KeyResult { id: one.id, label: one.label, outcome: KeyOutcome::Kept(why) }
        });
        let mut rest: Vec<KeyResult> = rest.collect();
        while let Some(id) = self.walk.pass_key() {
            rest.push(KeyResult { id, label: Untrusted::default(), outcome: KeyOutcome::Kept(NOT_TRIED) });
        }
        rest
    }

    /// How many keys are still to be done, if that is known. Keys that no longer match have gone from it.
    pub fn left(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.tally.all()))
    }

    /// How long the rest will take, once that can be told.
    pub fn estimate(&self, now: Instant) -> Option<Duration> {
        let (done, elapsed) = (self.tally.all(), now.saturating_duration_since(self.begun));
        let is_known = done > 0 && elapsed >= Duration::from_secs(1) && self.trouble.is_none();
        let left = self.left().filter(|_| is_known)?;
        elapsed.checked_mul(u32::try_from(left).ok()?)?.checked_div(u32::try_from(done).ok()?)
    }

    /// What it came to: "38 deleted, 1 already deleted, 1 failed".
    pub fn summary(&self) -> String {
        self.tally.in_words(&self.act)
    }
}

/// Whether the same may succeed in a while.
const fn is_passing(error: &ApiError) -> bool {
    error.is_passing() || matches!(error, ApiError::TooMany { .. })
}
