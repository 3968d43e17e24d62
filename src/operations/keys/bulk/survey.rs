//! What a confirmation tells about many keys.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{AccessKey, Status, capitalized};
use crate::operations::format::grouped;
use crate::operations::keys::bulk::act::Planned;
use crate::operations::keys::bulk::{BulkAct, Reversal, Unusual, undo};

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
    /// How many of those that would be changed are active: of those without a reason to be left out, and of the others.
    working: [u64; 2],
    /// How many of them were used in the last 24 hours.
    in_use: [u64; 2],
    findings: [Finding; Unusual::ALL.len()],
    /// Those that are named, by what is unusual about them first; those without anything come last.
    named: [Vec<SurveyedKey>; Unusual::ALL.len() + 1],
    /// What an undoing makes of how many keys.
    undoing: Option<String>,
    /// Which keys, as they were: fingerprints of ID and revision.
    seen: HashSet<u64>,
    /// Seeded, so that a server cannot choose two keys with one fingerprint.
    hasher: RandomState,
    pub now: DateTime<Utc>,
}

/// How many keys are unusual in one way.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    pub what: Unusual,
    pub count: u64,
}

/// A key that would be changed, or can't be, and what is unusual about it.
#[derive(Clone, Debug)]
pub struct SurveyedKey {
    pub key: AccessKey,
    pub unusual: Vec<Unusual>,
}

impl SurveyedKey {
    /// Whether it is better left out.
    pub fn is_warned(&self) -> bool {
        self.unusual.iter().any(|what| what.is_warning())
    }
}

/// The most keys that are named: a megabyte.
const NAMED: usize = 1000;

impl Survey {
    pub fn new(act: BulkAct, now: DateTime<Utc>) -> Self {
        Self {
            act,
            count: 0,
            already: 0,
            warned: 0,
            active: 0,
            impossible: 0,
            working: [0; 2],
            in_use: [0; 2],
            findings: Unusual::ALL.map(|what| Finding { what, count: 0 }),
            named: Default::default(),
            undoing: None,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            now,
        }
    }

    /// The undoing of an earlier act. Its keys are not read for it.
    pub(crate) fn of_undo(reversals: &[Reversal], now: DateTime<Utc>) -> Self {
        let undoing = Some(undo::in_words(reversals, now));
        Self { count: reversals.len() as u64, undoing, ..Self::new(BulkAct::Undo, now) }
    }

    /// Takes a key into account.
    pub fn note(&mut self, key: &AccessKey) {
        self.count += 1;
        self.seen.insert(self.fingerprint(key));
        self.active += u64::from(key.status == Status::Active);
        let planned = self.act.plan(key);
        if planned == Planned::Already {
            self.already += 1;
            return;
        }
        let unusual: Vec<Unusual> = Unusual::of(&self.act, key, self.now).collect();
        let is_warned = unusual.iter().any(|what| what.is_warning());
        for finding in &mut self.findings {
            finding.count += u64::from(unusual.contains(&finding.what));
        }
        self.warned += u64::from(is_warned);
        if let Planned::Impossible(_) = planned {
            self.impossible += 1;
        } else {
            let at = usize::from(is_warned);
            self.working[at] += u64::from(key.status == Status::Active);
            let is_in_use = key.last_used_at.is_some_and(|at| self.now - at < TimeDelta::days(1));
            self.in_use[at] += u64::from(is_in_use);
        }
        let first = unusual.first().and_then(|first| Unusual::ALL.iter().position(|what| what == first));
        let named = &mut self.named[first.unwrap_or(Unusual::ALL.len())];
        if named.len() < NAMED {
            named.push(SurveyedKey { key: key.clone(), unusual });
        }
    }

    /// The keys that would be changed or can't be, those with something unusual first; of very many not all.
    pub fn keys(&self) -> impl Iterator<Item = &SurveyedKey> {
        self.named.iter().flatten().take(NAMED)
    }

    /// How many these are altogether.
    pub const fn all(&self) -> u64 {
        self.count - self.already
    }

    /// How many of those that will be changed are in use, in a sentence; none where nothing stops.
    pub(crate) fn standing(&self, leave_out: bool) -> Option<String> {
        if matches!(self.act, BulkAct::Activate | BulkAct::Undo) || self.todo(leave_out) == 0 {
            return None;
        }
        let sum = |counts: [u64; 2]| counts[0] + if leave_out { 0 } else { counts[1] };
        let number = |count: u64| if count == 0 { "none".to_owned() } else { grouped(count) };
        let (working, in_use) = (sum(self.working), sum(self.in_use));
        let active = if working == self.todo(leave_out) && working > 1 {
            "All are active".to_owned()
        } else {
            format!("{} active", capitalized(&number(working)))
        };
        Some(format!("{active}, {} used in the last 24 hours.", number(in_use)))
    }

    /// How many keys will be changed.
    pub const fn todo(&self, leave_out: bool) -> u64 {
        self.count - self.already - self.impossible - if leave_out { self.warned } else { 0 }
    }

    /// What an act means for those that will be changed, in a sentence or two.
    pub(crate) fn meaning(&self, act: &BulkAct, leave_out: bool) -> String {
        self.undoing.clone().unwrap_or_else(|| act.consequence(self.todo(leave_out)))
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
