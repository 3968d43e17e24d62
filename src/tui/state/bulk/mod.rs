//! The dialog that changes many keys: what is set, what is unusual among them, how far it is, and what it came to.

mod confirm;
mod form;
mod layout;
mod progress;

use std::time::Instant;

use chrono::TimeDelta;

use super::{CallState, ClockReading};
use crate::client::{ApiError, Attempt, KeyChanged, Page, Request};
use crate::domain::Lifetimes;
use crate::operations::actions::ActionId;
use crate::operations::keys::bulk::{BATCH, BulkAct, BulkRun, Reversal, RunStep, Selection, Survey, Walk, WalkStep};
use crate::operations::messages;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::text_input::TextInput;

use confirm::ConfirmOutcome;
pub use confirm::{BulkConfirm, BulkFocus};
pub use form::{BulkForm, BulkFormFocus};
pub use layout::KeyColumns;
pub use progress::BulkProgress;

#[derive(Debug)]
pub struct BulkDialog {
    pub stage: BulkStage,
    selection: Selection,
    /// What an undoing is to undo, until it is confirmed.
    pub(crate) reversals: Vec<Reversal>,
    /// The name of a production profile.
    production: Option<String>,
    /// Which replies are its own.
    attempt: Attempt,
    /// How far the server's clock is ahead of ours.
    ahead: TimeDelta,
}

#[derive(Debug)]
pub enum BulkStage {
    /// What is to be set is typed.
    Form(Box<BulkForm>),
    /// The keys are read.
    Survey(Box<(Walk, Survey)>),
    /// They can't be read: in words.
    NotRead(String),
    Confirm(Box<BulkConfirm>),
    Run(Box<BulkProgress>),
}

/// What a turn of the dialog comes to.
pub enum BulkOutcome {
    Stay,
    Send(Request),
    Close,
    /// The change has ended.
    Ended,
    /// Save what became of each key.
    SaveReport,
}

impl BulkDialog {
    /// What is to be set is asked for first.
    pub fn edit(selection: Selection, production: Option<String>, ahead: TimeDelta, limits: Lifetimes) -> Self {
        let stage = BulkStage::Form(Box::new(BulkForm::new(limits)));
        Self { stage, selection, reversals: Vec::new(), production, attempt: Attempt::next(), ahead }
    }

    /// Reads the keys, unless they are known.
    pub fn begin(
        act: BulkAct,
        selection: Selection,
        production: Option<String>,
        ahead: TimeDelta,
        now: ClockReading,
    ) -> (Self, Option<Request>) {
        let mut dialog = Self::edit(selection, production, ahead, Lifetimes::default());
        let request = dialog.survey(act, now);
        (dialog, request)
    }

    /// Takes an earlier act back; asks first if it was one on many keys.
    pub(crate) fn undo(
        reversals: Vec<Reversal>,
        production: Option<String>,
        ahead: TimeDelta,
        now: ClockReading,
    ) -> (Self, BulkOutcome) {
        let mut dialog = Self::edit(Selection::Keys(Vec::new()), production.clone(), ahead, Lifetimes::default());
        let survey = Survey::of_undo(&reversals, now.utc + ahead);
        dialog.stage = BulkStage::Confirm(Box::new(BulkConfirm::new(survey, production)));
        dialog.reversals = reversals;
        let outcome = if dialog.reversals.len() > 1 { BulkOutcome::Stay } else { dialog.run(now) };
        (dialog, outcome)
    }

    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match self.stage {
            BulkStage::Form(_) => Mode::Form,
            BulkStage::Confirm(_) => Mode::ManyConfirm,
            BulkStage::Survey(..) | BulkStage::NotRead(_) | BulkStage::Run(_) => Mode::Progress,
        }
    }

    /// What is said when it is left before anything was done.
    pub(crate) const fn undone(&self) -> &'static str {
        match &self.stage {
            BulkStage::Confirm(confirm) => confirm.survey.act.undone(),
            _ => messages::NOTHING_CHANGED,
        }
    }

    /// Whether it tells what became of the keys.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(&self.stage, BulkStage::Run(progress) if progress.has_ended)
    }

    pub(crate) fn call(&mut self) -> Option<&mut CallState> {
        match &mut self.stage {
            BulkStage::Form(form) => Some(&mut form.call),
            BulkStage::Confirm(confirm) => Some(&mut confirm.call),
            _ => None,
        }
    }

    /// What takes text now.
    pub(crate) fn text_input(&mut self) -> Option<&mut dyn TextInput> {
        match &mut self.stage {
            BulkStage::Form(form) => Some(&mut **form),
            BulkStage::Confirm(confirm) => Some(&mut **confirm),
            _ => None,
        }
    }

    fn survey(&mut self, act: BulkAct, now: ClockReading) -> Option<Request> {
        let walk = Walk::new(self.selection.clone());
        self.stage = BulkStage::Survey(Box::new((walk, Survey::new(act, now.utc + self.ahead))));
        self.read_on()
    }

    /// Asks for the next page, or shows what was found. Keys of which none is active are activated, not deactivated.
    fn read_on(&mut self) -> Option<Request> {
        let BulkStage::Survey(reading) = &mut self.stage else { return None };
        let (walk, survey) = &mut **reading;
        loop {
            match walk.step() {
                WalkStep::Keys(keys) => keys.iter().for_each(|key| survey.note(key)),
                WalkStep::Page(page) => return Some(Request::Walk(self.attempt, page)),
                WalkStep::Key(_) | WalkStep::End => break,
            }
        }
        let BulkStage::Survey(read) = std::mem::replace(&mut self.stage, BulkStage::NotRead(String::new())) else {
            return None;
        };
        let survey = read.1;
        if survey.act == BulkAct::Deactivate(None) && survey.active == 0 && survey.count > 0 {
            let walk = Walk::new(self.selection.clone());
            self.stage = BulkStage::Survey(Box::new((walk, Survey::new(BulkAct::Activate, survey.now))));
            return self.read_on();
        }
        self.stage = BulkStage::Confirm(Box::new(BulkConfirm::new(survey, self.production.clone())));
        None
    }

    /// Whether a press that it explains does something now.
    pub(crate) fn offers(&self, action: Action, size: (u16, u16)) -> bool {
        let BulkStage::Confirm(confirm) = &self.stage else { return false };
        match action {
            Action::PageDown => confirm.can_scroll(size),
            Action::Mark => confirm.survey.warned > 0,
            Action::Choose(_) => !confirm.choices().is_empty(),
            _ => true,
        }
    }

    /// Shows the next keys of those that are to be confirmed, or those before.
    pub(crate) fn scroll(&mut self, action: Action, size: (u16, u16)) {
        if let BulkStage::Confirm(confirm) = &mut self.stage {
            confirm.scroll(action, size);
        }
    }

    /// Takes an intent.
    pub fn act(&mut self, action: Action, now: ClockReading) -> BulkOutcome {
        match &mut self.stage {
            BulkStage::Form(form) => match action {
                Action::Cancel => BulkOutcome::Close,
                Action::Submit if form.focus == BulkFormFocus::Cancel => BulkOutcome::Close,
                Action::Submit => match form.read(now.utc + self.ahead) {
                    Err(words) => {
                        form.call = CallState::Invalid(words);
                        BulkOutcome::Stay
                    }
                    Ok(act) => self.survey(act, now).map_or(BulkOutcome::Stay, BulkOutcome::Send),
                },
                _ => {
                    form.go(action);
                    BulkOutcome::Stay
                }
            },
            BulkStage::Survey(..) | BulkStage::NotRead(_) => match action {
                Action::Cancel | Action::Submit => BulkOutcome::Close,
                _ => BulkOutcome::Stay,
            },
            BulkStage::Confirm(confirm) => match confirm.act(action) {
                ConfirmOutcome::Stay => BulkOutcome::Stay,
                ConfirmOutcome::Close => BulkOutcome::Close,
                ConfirmOutcome::Instead => {
                    self.survey(BulkAct::Deactivate(None), now).map_or(BulkOutcome::Stay, BulkOutcome::Send)
                }
                ConfirmOutcome::Begin => self.run(now),
            },
            BulkStage::Run(progress) => match action {
                Action::Submit if progress.has_ended && progress.saves_report => BulkOutcome::SaveReport,
                Action::Do(ActionId::Export) if progress.has_ended => BulkOutcome::SaveReport,
                Action::Cancel | Action::Submit if progress.has_ended => BulkOutcome::Close,
                Action::Next | Action::Previous if progress.has_ended => {
                    progress.saves_report = !progress.saves_report;
                    BulkOutcome::Stay
                }
                // The answer is not awaited any more; what it did will be seen in the list.
                Action::Cancel if progress.run.stopping => BulkOutcome::Close,
                Action::Cancel => {
                    progress.run.stopping = true;
                    // Nothing is under way while it waits.
                    if progress.retry_at.take().is_some() { self.go_on(now) } else { BulkOutcome::Stay }
                }
                Action::Up => {
                    progress.top = progress.top.saturating_sub(1);
                    BulkOutcome::Stay
                }
                Action::Down => {
                    progress.top = (progress.top + 1).min(progress.failures.len().saturating_sub(1));
                    BulkOutcome::Stay
                }
                _ => BulkOutcome::Stay,
            },
        }
    }

    /// Begins with what was confirmed.
    fn run(&mut self, now: ClockReading) -> BulkOutcome {
        let BulkStage::Confirm(mut confirm) = std::mem::replace(&mut self.stage, BulkStage::NotRead(String::new()))
        else {
            return BulkOutcome::Stay;
        };
        let run = if confirm.survey.act == BulkAct::Undo {
            BulkRun::undo(std::mem::take(&mut self.reversals), now.utc + self.ahead, now.at)
        } else {
            confirm.survey.act = confirm.act_at(now.utc + self.ahead);
            BulkRun::confirmed(self.selection.clone(), confirm.survey, confirm.leave_out, now.at)
        };
        self.stage = BulkStage::Run(Box::new(BulkProgress::new(run)));
        self.go_on(now)
    }

    /// Asks for what comes next, waits, or ends.
    pub(crate) fn go_on(&mut self, now: ClockReading) -> BulkOutcome {
        let BulkStage::Run(progress) = &mut self.stage else { return BulkOutcome::Stay };
        if let Some(pause) = progress.run.pause().filter(|_| progress.retry_at.is_none() && !progress.run.stopping) {
            progress.retry_at = Some(now.at + pause);
            return BulkOutcome::Stay;
        }
        progress.retry_at = None;
        match progress.run.step(BATCH) {
            RunStep::Read(page) => BulkOutcome::Send(Request::Walk(self.attempt, page)),
            RunStep::Change(changes) => BulkOutcome::Send(Request::ChangeKeys(self.attempt, changes)),
            RunStep::Look(_) | RunStep::End => {
                progress.has_ended = true;
                BulkOutcome::Ended
            }
        }
    }

    /// Takes a page of its keys.
    pub(crate) fn on_walked(
        &mut self,
        attempt: Attempt,
        read: Result<Page, ApiError>,
        now: ClockReading,
    ) -> BulkOutcome {
        if attempt != self.attempt {
            return BulkOutcome::Stay;
        }
        match (&mut self.stage, read) {
            (BulkStage::Survey(reading), Ok(page)) => {
                let (walk, survey) = &mut **reading;
                walk.on_page(page).iter().for_each(|key| survey.note(key));
                self.read_on().map_or(BulkOutcome::Stay, BulkOutcome::Send)
            }
            (BulkStage::Survey(..), Err(error)) => {
                self.stage = BulkStage::NotRead(error.to_string());
                BulkOutcome::Stay
            }
            (BulkStage::Run(progress), read) => {
                progress.run.on_page(read);
                self.go_on(now)
            }
            _ => BulkOutcome::Stay,
        }
    }

    /// Takes what came of changes; none if they were not its own.
    pub(crate) fn on_changed(
        &mut self,
        attempt: Attempt,
        changed: Vec<Result<KeyChanged, ApiError>>,
        now: ClockReading,
    ) -> Option<BulkOutcome> {
        let BulkStage::Run(progress) = &mut self.stage else { return None };
        if attempt != self.attempt {
            return None;
        }
        progress.run.on_changed(changed);
        Some(self.go_on(now))
    }

    /// When it goes on by itself.
    pub(crate) const fn next_wake(&self) -> Option<Instant> {
        match &self.stage {
            BulkStage::Run(progress) => progress.retry_at,
            _ => None,
        }
    }

    /// Goes on if it is time.
    pub(crate) fn on_time(&mut self, now: ClockReading) -> BulkOutcome {
        match self.next_wake() {
            Some(at) if at <= now.at => self.go_on(now),
            _ => BulkOutcome::Stay,
        }
    }
}
