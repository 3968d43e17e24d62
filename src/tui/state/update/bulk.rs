//! A change of all marked keys.

use std::rc::Rc;

use crate::client::{ApiError, Attempt, KeyChanged, Page};
use crate::domain::{Status, sentence};
use crate::operations::actions::ActionId;
use crate::operations::keys::bulk::{BulkAct, KeyOutcome, Selection};
use crate::operations::messages;
use crate::tui::state::keys::undo::OFFERED_FOR;
use crate::tui::state::{BulkDialog, BulkOutcome, BulkStage, ClockReading, Dialog, Effect, State, Undo};

impl State {
    /// Opens what an act on all marked keys asks for.
    pub(crate) fn open_bulk(&mut self, id: ActionId) -> Option<Effect> {
        let now = self.list.as_of?;
        self.list.marks.end_range();
        if let Some(window) = &self.list.window {
            self.list.marks.renew(window);
        }
        let (selection, production, ahead) = (self.list.marks.selection(), self.production(), self.list.ahead);
        let act = match id {
            ActionId::Edit => {
                let dialog = BulkDialog::edit(selection, production, ahead, self.list.lifetimes);
                self.dialog = Some(Dialog::Bulk(Box::new(dialog)));
                return None;
            }
            ActionId::Delete => BulkAct::Delete,
            _ => switch_of(&selection),
        };
        let (dialog, request) = BulkDialog::begin(act, selection, production, ahead, now);
        self.dialog = Some(Dialog::Bulk(Box::new(dialog)));
        request.map(Effect::from)
    }

    /// Does what a turn of the dialog came to.
    pub(crate) fn on_bulk(&mut self, outcome: BulkOutcome, now: ClockReading) -> Option<Effect> {
        self.take_bulk_results();
        let Some(Dialog::Bulk(dialog)) = &mut self.dialog else { return None };
        match (outcome, &mut dialog.stage) {
            (BulkOutcome::Stay, _) => None,
            (BulkOutcome::Send(request), _) => Some(request.into()),
            (BulkOutcome::SaveReport, _) => {
                self.open_report();
                None
            }
            (BulkOutcome::Close, BulkStage::Run(progress)) => {
                let had_ended = progress.has_ended;
                if !had_ended {
                    self.keep_outcome(now);
                }
                self.close_bulk(now);
                (!had_ended).then(|| self.list.recount().into())
            }
            (BulkOutcome::Close, _) => {
                // An undoing that was not confirmed can still be made.
                self.undo = Undo::of_many(std::mem::take(&mut dialog.reversals), now).or_else(|| self.undo.take());
                let undone = dialog.undone();
                self.dialog = None;
                self.say(undone);
                None
            }
            (BulkOutcome::Ended, stage) => {
                // Nothing but what was expected: a sentence is enough.
                let is_told = matches!(stage, BulkStage::Run(progress)
                    if progress.failures.is_empty() && progress.run.broken_off.is_none() && !progress.run.stopping);
                // Stopped or broken off, there may be keys that were not tried.
                let is_whole = matches!(stage, BulkStage::Run(progress)
                    if progress.run.broken_off.is_none() && !progress.run.stopping);
                if is_whole && let (BulkStage::Run(progress), Some(window)) = (&*stage, &self.list.window) {
                    self.list.marks.leave(window, progress.failures.iter().map(|(id, ..)| id));
                }
                self.keep_outcome(now);
                if is_told {
                    self.close_bulk(now);
                    self.list.marks.clear();
                }
                Some(self.list.recount().into())
            }
        }
    }

    /// Keeps what became of each key, and what takes it back.
    fn keep_outcome(&mut self, now: ClockReading) {
        let Some(Dialog::Bulk(dialog)) = &mut self.dialog else { return };
        let BulkStage::Run(progress) = &mut dialog.stage else { return };
        self.undo = Undo::of_many(progress.run.take_reversals(), now);
        self.report = Some(progress.take_report()).filter(|report| !report.is_empty()).map(Rc::new);
    }

    /// Says what it came to, and what can be done about it.
    fn close_bulk(&mut self, now: ClockReading) {
        let Some(Dialog::Bulk(dialog)) = self.dialog.take() else { return };
        let BulkStage::Run(progress) = dialog.stage else { return };
        if let Some(undo) = &mut self.undo {
            undo.renew(now);
        }
        self.report_offered_until = Some(now.at + OFFERED_FOR);
        let next = match (&self.undo, &self.report) {
            (Some(_), _) => " Undo with u, save a report with E.",
            (None, Some(_)) => " Save a report with E.",
            (None, None) => "",
        };
        let lost = if progress.run.is_too_much_to_undo { messages::TOO_MUCH_TO_UNDO } else { "" };
        let again = match progress.run.act {
            BulkAct::Deactivate(Some(until)) if progress.run.tally.done > 0 => {
                format!(" Active again at {}.", messages::minute(until))
            }
            _ => String::new(),
        };
        self.say(format!("{}{again}{lost}{next}", sentence(&progress.summary())));
    }

    /// Shows in the list what became of keys.
    fn take_bulk_results(&mut self) {
        let Some(Dialog::Bulk(dialog)) = &mut self.dialog else { return };
        let BulkStage::Run(progress) = &mut dialog.stage else { return };
        for result in progress.take_results() {
            match result.outcome {
                KeyOutcome::Done(Some(key), _) => {
                    self.list.marks.forget(&key.id);
                    if let Some(window) = &mut self.list.window {
                        window.update(*key);
                    }
                }
                KeyOutcome::Done(None, _) | KeyOutcome::Missing => {
                    self.list.take_out(&result.id);
                }
                KeyOutcome::Already => self.list.marks.forget(&result.id),
                KeyOutcome::Kept(_) | KeyOutcome::Failed(_) => {}
            }
        }
    }

    pub(crate) fn on_walked(
        &mut self,
        attempt: Attempt,
        read: Result<Page, ApiError>,
        now: ClockReading,
    ) -> Option<Effect> {
        let Some(Dialog::Bulk(dialog)) = &mut self.dialog else { return self.on_export_page(attempt, read) };
        let outcome = dialog.on_walked(attempt, read, now);
        if let BulkStage::Confirm(confirm) = &dialog.stage {
            self.list.on_marked_read(confirm.survey.count);
        }
        self.on_bulk(outcome, now)
    }

    pub(crate) fn on_keys_changed(
        &mut self,
        attempt: Attempt,
        changed: Vec<Result<KeyChanged, ApiError>>,
        now: ClockReading,
    ) -> Option<Effect> {
        if let Some(Dialog::Bulk(dialog)) = &mut self.dialog
            && let Some(outcome) = dialog.on_changed(attempt, changed, now)
        {
            return self.on_bulk(outcome, now);
        }
        Some(self.list.recount().into()) // its dialog was closed: what it did is seen in the list
    }
}

/// Deactivates, unless no key of them can be active.
fn switch_of(selection: &Selection) -> BulkAct {
    let none_active = match selection {
        Selection::Keys(keys) => keys.iter().all(|key| key.status != Status::Active),
        Selection::Ids(_) => false,
        Selection::Matching(filter, _) => {
            filter.status.is_some_and(|status| status != Status::Active)
                || filter.text.split_whitespace().any(|word| word == "status:inactive")
        }
    };
    if none_active { BulkAct::Activate } else { BulkAct::Deactivate(None) }
}
