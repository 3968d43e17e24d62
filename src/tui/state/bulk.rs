//! The dialog that changes many keys: what is set, what is unusual among them, and how far it is.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use super::focus::moved;
use super::text_input::TextInput;
use super::{CallState, ClockReading};
use crate::client::{ApiError, Attempt, KeyChanged, Page, Request};
use crate::domain::key::fields;
use crate::domain::{KeyId, Texts, Untrusted, sentence};
use crate::operations::bulk::{BulkAct, BulkRun, KeyOutcome, KeyResult, RunStep, Selection, Survey, Walk, WalkStep};
use crate::operations::delete::Confirmation;
use crate::operations::{expiry, input};
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};

/// Changes that are sent at once; the server's client makes them one after the other and answers within a tenth of a second.
const AT_ONCE: usize = 250;
/// Failures that are named.
const NAMED: usize = 1000;

#[derive(Debug)]
pub struct BulkDialog {
    pub stage: BulkStage,
    selection: Selection,
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

/// What is set for many keys.
#[derive(Debug)]
pub struct BulkForm {
    pub expiry: BulkExpiry,
    pub days: Field,
    pub date: Field,
    /// Empty: it stays; `-`: none.
    pub owner: Field,
    pub focus: BulkFormFocus,
    pub call: CallState,
    /// Whether the number of days is the one that was offered: typing replaces it.
    is_fresh: bool,
}

/// What becomes of the expiry of many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkExpiry {
    InDays,
    OnDate,
    Never,
    Same,
}

impl BulkExpiry {
    /// In the order in which they stand on screen.
    pub const ALL: [Self; 4] = [Self::InDays, Self::OnDate, Self::Never, Self::Same];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkFormFocus {
    Expiry,
    Value,
    Owner,
    Submit,
    Cancel,
}

/// What is told before many keys are changed, and what confirms it.
#[derive(Debug)]
pub struct BulkConfirm {
    pub survey: Survey,
    /// Whether keys with a reason to be left out are left out.
    pub leave_out: bool,
    pub typed: Field,
    pub focus: BulkFocus,
    pub call: CallState,
    production: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkFocus {
    LeaveOut,
    Typed,
    Cancel,
    /// Deactivate in place of delete.
    Instead,
    Submit,
}

/// A change that is under way, or has ended.
#[derive(Debug)]
pub struct BulkProgress {
    pub run: BulkRun,
    /// Which keys were not changed though they should be, and why.
    pub failures: Vec<(KeyId, Untrusted, String)>,
    /// The first of them on screen.
    pub top: usize,
    /// When it tries again.
    pub retry_at: Option<Instant>,
    pub has_ended: bool,
}

/// What a turn of the dialog comes to.
pub enum BulkOutcome {
    Stay,
    Send(Request),
    Close,
    /// The change has ended.
    Ended,
}

impl BulkDialog {
    /// What is to be set is asked for first.
    pub fn edit(selection: Selection, production: Option<String>, ahead: TimeDelta) -> Self {
        let stage = BulkStage::Form(Box::new(BulkForm::new()));
        Self { stage, selection, production, attempt: Attempt::next(), ahead }
    }

    /// Reads the keys, unless they are known.
    pub fn begin(
        act: BulkAct,
        selection: Selection,
        production: Option<String>,
        ahead: TimeDelta,
        now: ClockReading,
    ) -> (Self, Option<Request>) {
        let mut dialog = Self::edit(selection, production, ahead);
        let request = dialog.survey(act, now);
        (dialog, request)
    }

    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match self.stage {
            BulkStage::Form(_) | BulkStage::Confirm(_) => Mode::Form,
            BulkStage::Survey(..) | BulkStage::NotRead(_) | BulkStage::Run(_) => Mode::Progress,
        }
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

    /// Asks for the next page, or shows what was found.
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
        self.stage = BulkStage::Confirm(Box::new(BulkConfirm::new(read.1, self.production.clone())));
        None
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
                    self.survey(BulkAct::Deactivate, now).map_or(BulkOutcome::Stay, BulkOutcome::Send)
                }
                ConfirmOutcome::Begin => self.run(now),
            },
            BulkStage::Run(progress) => match action {
                Action::Cancel | Action::Submit if progress.has_ended => BulkOutcome::Close,
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
        let BulkStage::Confirm(confirm) = std::mem::replace(&mut self.stage, BulkStage::NotRead(String::new())) else {
            return BulkOutcome::Stay;
        };
        let run = BulkRun::confirmed(self.selection.clone(), confirm.survey, confirm.leave_out, now.at);
        let progress = BulkProgress { run, failures: Vec::new(), top: 0, retry_at: None, has_ended: false };
        self.stage = BulkStage::Run(Box::new(progress));
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
        match progress.run.step(AT_ONCE) {
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

impl BulkProgress {
    /// Takes note of what was not changed; gives what became of each key since.
    pub(crate) fn take_results(&mut self) -> Vec<KeyResult> {
        let results = self.run.take_results();
        for result in &results {
            let why = match &result.outcome {
                KeyOutcome::Failed(failed) => failed.why.clone(),
                KeyOutcome::Kept(why) => format!("Left as it was: {why}."),
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
        let left = self.run.left().filter(|left| *left > 0 && self.has_ended);
        let left = match (left, self.run.stopping || self.run.broken_off.is_some()) {
            (Some(left), true) => format!(" {left} not tried."),
            // They were changed by someone else meanwhile.
            (Some(left), false) => format!(" {left} no longer match."),
            (None, _) => String::new(),
        };
        format!("{}.{left}", self.run.summary())
    }
}

impl BulkForm {
    fn new() -> Self {
        Self {
            expiry: BulkExpiry::InDays,
            days: Field::new("90", 4),
            date: Field::new("", 16),
            owner: Field::new("", 100),
            focus: BulkFormFocus::Value,
            call: CallState::None,
            is_fresh: true,
        }
    }

    /// What is typed, checked; or what is wrong with it.
    fn read(&self, now: DateTime<Utc>) -> Result<BulkAct, String> {
        let mut texts = Texts::default();
        if let (Some(field), false) = (fields::named("owner"), self.owner.text().is_empty()) {
            let owner = if self.owner.text() == "-" { "" } else { self.owner.text() };
            input::set_text(&mut texts, field, owner)?;
        }
        let expires_at = self.expires_at(now)?;
        if texts == Texts::default() && expires_at.is_none() {
            return Err("Set an expiry date or an owner.".to_owned());
        }
        Ok(BulkAct::Edit { texts, expires_at })
    }

    /// The expiry as it is typed; `Some(None)` is never.
    pub fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<Option<DateTime<Utc>>>, String> {
        let expires = match self.expiry {
            BulkExpiry::Same => return Ok(None),
            BulkExpiry::Never => return Ok(Some(None)),
            BulkExpiry::InDays => expiry::days(self.days.text().trim()),
            BulkExpiry::OnDate => expiry::on_date(self.date.text().trim(), "use 2027-01-31 or 2027-01-31 18:00", now),
        };
        Ok(Some(expires.map_err(|why| sentence(&why))?.at(now)))
    }

    fn choose(&mut self, step: usize) {
        let at = BulkExpiry::ALL.iter().position(|expiry| *expiry == self.expiry).unwrap_or(0);
        self.expiry = BulkExpiry::ALL[(at + step) % BulkExpiry::ALL.len()];
    }
}

impl TextInput for BulkForm {
    fn field(&mut self) -> Option<&mut Field> {
        match (self.focus, self.expiry) {
            (BulkFormFocus::Owner, _) => Some(&mut self.owner),
            (BulkFormFocus::Value, BulkExpiry::InDays) => Some(&mut self.days),
            (BulkFormFocus::Value, BulkExpiry::OnDate) => Some(&mut self.date),
            _ => None,
        }
    }

    fn go(&mut self, action: Action) {
        use BulkFormFocus::{Cancel, Expiry, Owner, Submit, Value};
        let has_value = matches!(self.expiry, BulkExpiry::InDays | BulkExpiry::OnDate);
        let stops: &[_] =
            if has_value { &[Expiry, Value, Owner, Submit, Cancel] } else { &[Expiry, Owner, Submit, Cancel] };
        self.focus = moved(stops, self.focus, action);
        self.is_fresh = false;
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (BulkFormFocus::Expiry, KeyCode::Left) => self.choose(BulkExpiry::ALL.len() - 1),
            (BulkFormFocus::Expiry, KeyCode::Right | KeyCode::Char(' ')) => self.choose(1),
            (BulkFormFocus::Submit, KeyCode::Right) => self.focus = BulkFormFocus::Cancel,
            (BulkFormFocus::Cancel, KeyCode::Left) => self.focus = BulkFormFocus::Submit,
            (BulkFormFocus::Value, code) => {
                if std::mem::take(&mut self.is_fresh) && matches!(code, KeyCode::Char('0'..='9')) {
                    self.days = Field::new("", 4);
                }
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}

/// What a turn of the confirmation comes to.
enum ConfirmOutcome {
    Stay,
    Close,
    Instead,
    Begin,
}

impl BulkConfirm {
    fn new(survey: Survey, production: Option<String>) -> Self {
        let mut confirm = Self {
            survey,
            leave_out: false,
            typed: Field::new("", 0),
            focus: BulkFocus::Cancel,
            call: CallState::None,
            production,
        };
        confirm.renew();
        confirm
    }

    /// What has to be typed; none if a button is enough.
    pub fn confirmation(&self) -> Option<Confirmation> {
        let (survey, leave_out) = (&self.survey, self.leave_out);
        survey.act.confirmation(survey.todo(leave_out), survey.stops_used_keys(leave_out), self.production.clone())
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmation().is_none_or(|confirmation| confirmation.is_given_by(self.typed.text()))
    }

    /// Whether there is anything to be done.
    pub const fn has_work(&self) -> bool {
        self.survey.todo(self.leave_out) > 0
    }

    /// The stops of the focus, in their order on screen.
    pub fn stops(&self) -> Vec<BulkFocus> {
        let mut stops = Vec::new();
        if self.survey.warned > 0 {
            stops.push(BulkFocus::LeaveOut);
        }
        if self.has_work() && self.confirmation().is_some() {
            stops.push(BulkFocus::Typed);
        }
        stops.extend(self.buttons());
        stops
    }

    /// The buttons, from the left.
    pub fn buttons(&self) -> Vec<BulkFocus> {
        let mut buttons = vec![BulkFocus::Cancel];
        if self.has_work() {
            if self.survey.act == BulkAct::Delete && self.survey.active > 0 {
                buttons.push(BulkFocus::Instead);
            }
            buttons.push(BulkFocus::Submit);
        }
        buttons
    }

    /// Begins anew where the number of keys has changed.
    fn renew(&mut self) {
        let length = self.confirmation().map_or(0, |confirmation| confirmation.phrase().chars().count());
        self.typed = Field::new("", length);
        let has_field = self.stops().contains(&BulkFocus::Typed);
        if self.focus != BulkFocus::LeaveOut {
            self.focus = if has_field { BulkFocus::Typed } else { BulkFocus::Cancel };
        }
    }

    fn toggle(&mut self) {
        self.leave_out = !self.leave_out;
        self.renew();
    }

    fn act(&mut self, action: Action) -> ConfirmOutcome {
        match (action, self.focus) {
            (Action::Cancel, _) | (Action::Submit, BulkFocus::Cancel) => ConfirmOutcome::Close,
            (Action::Submit, BulkFocus::LeaveOut) => {
                self.toggle();
                ConfirmOutcome::Stay
            }
            (Action::Submit, BulkFocus::Instead) => ConfirmOutcome::Instead,
            (Action::Submit, BulkFocus::Typed | BulkFocus::Submit) if self.has_work() && self.is_confirmed() => {
                ConfirmOutcome::Begin
            }
            (Action::Submit, BulkFocus::Typed) if self.typed.text().is_empty() => ConfirmOutcome::Close,
            (Action::Submit, _) => {
                if let Some(confirmation) = self.confirmation() {
                    self.call = CallState::Invalid(confirmation.mismatch());
                    self.focus = BulkFocus::Typed;
                }
                ConfirmOutcome::Stay
            }
            (action, _) => {
                self.go(action);
                ConfirmOutcome::Stay
            }
        }
    }
}

impl TextInput for BulkConfirm {
    fn field(&mut self) -> Option<&mut Field> {
        (self.focus == BulkFocus::Typed).then_some(&mut self.typed)
    }

    fn go(&mut self, action: Action) {
        self.focus = moved(&self.stops(), self.focus, action);
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (BulkFocus::LeaveOut, KeyCode::Char(' ')) => self.toggle(),
            (BulkFocus::Typed, _) => {
                self.typed.press(key);
            }
            (_, KeyCode::Left) => self.go(Action::Previous),
            (_, KeyCode::Right) => self.go(Action::Next),
            _ => {}
        }
    }
}
