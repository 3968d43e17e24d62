//! How far a change of many keys is, and what it came to.

use std::time::Instant;

use crate::domain::{KeyId, Untrusted};
use crate::operations::format::grouped;
use crate::operations::keys::bulk::{BulkAct, BulkReport, BulkRun, KeyOutcome, KeyResult};

/// Failures that are named.
const NAMED: usize = 1000;

/// A change that is under way, or has ended.
#[derive(Debug)]
pub struct BulkProgress {
    pub run: BulkRun,
    /// Which keys were not changed though they should be, and why.
    pub failures: Vec<(KeyId, Untrusted, String)>,
    /// What became of each key.
    report: BulkReport,
    /// The first of the failures on screen.
    pub top: usize,
    /// When it tries again.
    pub retry_at: Option<Instant>,
    pub has_ended: bool,
    /// Whether the button that saves the report is focused, and not the one that closes.
    pub saves_report: bool,
}

impl BulkProgress {
    pub(super) fn new(run: BulkRun) -> Self {
        let report = BulkReport::new(run.act.clone());
        let (failures, top, retry_at) = (Vec::new(), 0, None);
        Self { run, failures, report, top, retry_at, has_ended: false, saves_report: false }
    }

    /// What became of each key; asked for once, at the end.
    pub(crate) fn take_report(&mut self) -> BulkReport {
        for rest in self.run.take_rest() {
            self.report.note(&rest);
        }
        std::mem::replace(&mut self.report, BulkReport::new(self.run.act.clone()))
    }

    /// Takes note of what was not changed; gives what became of each key since.
    pub(crate) fn take_results(&mut self) -> Vec<KeyResult> {
        let results = self.run.take_results();
        for result in &results {
            self.report.note(result);
            let why = match &result.outcome {
                KeyOutcome::Failed(failed) => failed.why.clone(),
                KeyOutcome::Kept(why) => format!("Left unchanged: {why}."),
                KeyOutcome::Missing if self.run.act != BulkAct::Delete => "There is no such key any more.".to_owned(),
                _ => continue,
            };
            if self.failures.len() < NAMED {
                self.failures.push((result.id.clone(), result.label.clone(), why));
            }
        }
        results
    }

    /// What it came to, in sentences.
    pub fn summary(&self) -> String {
        let unknown = self.run.unknown;
        let left = self.run.left().map(|left| left.saturating_sub(unknown)).filter(|left| *left > 0 && self.has_ended);
        let left = match (left, self.run.stopping || self.run.broken_off.is_some()) {
            (Some(left), true) => format!(" {} not tried.", grouped(left)),
            // They were changed by someone else meanwhile.
            (Some(left), false) => format!(" {} no longer match.", grouped(left)),
            (None, _) => String::new(),
        };
        let unknown = if unknown > 0 { format!(" {} sent, result unknown.", grouped(unknown)) } else { String::new() };
        format!("{}.{unknown}{left}", self.run.summary())
    }
}
