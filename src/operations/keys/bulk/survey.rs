//! What a confirmation tells about many keys.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use chrono::{DateTime, Utc};

use crate::domain::{AccessKey, Status};
use crate::operations::format::grouped;
use crate::operations::keys::bulk::act::Planned;
use crate::operations::keys::bulk::{BulkAct, Unusual};

/// What there is to know of the keys before they are changed. A million keys take 16 MB.
#[derive(Debug)]
pub struct Survey {
    pub act: BulkAct,
    /// How many keys there are.
    pub count: u64,
    /// How many of them need no change.
    pub already: u64,
    /// How many have a reason to be left out.
    pub warned: u64,
    /// How many are active, and so would stop working when they are deactivated.
    pub active: u64,
    /// How many can't be changed so.
    pub impossible: u64,
    findings: [Finding; Unusual::ALL.len()],
    /// Which keys, as they were: fingerprints of ID and revision.
    seen: HashSet<u64>,
    /// Seeded, so that a server cannot choose two keys with one fingerprint.
    hasher: RandomState,
    pub now: DateTime<Utc>,
}

/// How many keys are unusual in one way, and the first of them.
#[derive(Clone, Debug)]
pub struct Finding {
    pub what: Unusual,
    pub count: u64,
    pub first: Vec<AccessKey>,
}

/// Keys that are named for each finding.
const FIRST: usize = 3;

impl Survey {
    pub fn new(act: BulkAct, now: DateTime<Utc>) -> Self {
        let findings = Unusual::ALL.map(|what| Finding { what, count: 0, first: Vec::new() });
        let (seen, hasher) = (HashSet::new(), RandomState::new());
        Self { act, count: 0, already: 0, warned: 0, active: 0, impossible: 0, findings, seen, hasher, now }
    }

    /// The undoing of an earlier act on so many keys, which are not read for it.
    pub(crate) fn of_undo(count: usize, now: DateTime<Utc>) -> Self {
        Self { count: count as u64, ..Self::new(BulkAct::Undo, now) }
    }

    /// Takes a key into account.
    pub fn note(&mut self, key: &AccessKey) {
        self.count += 1;
        self.seen.insert(self.fingerprint(key));
        self.active += u64::from(key.status == Status::Active);
        match self.act.plan(key) {
            Planned::Already => {
                self.already += 1;
                return;
            }
            Planned::Impossible(_) => self.impossible += 1,
            Planned::Change(_) => {}
        }
        let mut is_warned = false;
        for what in Unusual::of(&self.act, key, self.now) {
            is_warned |= what.is_warning();
            let Some(finding) = self.findings.iter_mut().find(|finding| finding.what == what) else { continue };
            finding.count += 1;
            if finding.first.len() < FIRST {
                finding.first.push(key.clone());
            }
        }
        self.warned += u64::from(is_warned);
    }

    /// How many keys will be changed.
    pub const fn todo(&self, leave_out: bool) -> u64 {
        self.count - self.already - self.impossible - if leave_out { self.warned } else { 0 }
    }

    /// What it would come to, in a sentence.
    pub(crate) fn summary(&self, leave_out: bool) -> String {
        format!("{} would be {}.", grouped(self.todo(leave_out)), self.act.done())
    }

    /// What is unusual, with how often.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.count > 0)
    }

    /// Whether keys that are in use would stop working.
    pub fn stops_used_keys(&self, leave_out: bool) -> bool {
        !leave_out && self.findings().any(|finding| finding.what == Unusual::Used)
    }

    /// Whether a key was there, and is as it was then.
    pub(crate) fn has(&self, key: &AccessKey) -> bool {
        self.seen.contains(&self.fingerprint(key))
    }

    fn fingerprint(&self, key: &AccessKey) -> u64 {
        self.hasher.hash_one((key.id.raw_for_api(), key.revision))
    }
}
