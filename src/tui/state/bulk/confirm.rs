//! The confirmation before many keys are changed.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::operations::keys::activate::{Switch, SwitchChoice};
use crate::operations::keys::bulk::{BulkAct, Survey};
use crate::operations::keys::delete::Confirmation;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::CallState;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

/// What is told before many keys are changed, and what confirms it.
#[derive(Debug)]
pub struct BulkConfirm {
    pub survey: Survey,
    /// For how long keys are deactivated: which of the [`choices`](Self::choices).
    pub choice: usize,
    /// Whether keys with a reason to be left out are left out.
    pub leave_out: bool,
    pub typed: Field,
    pub focus: BulkFocus,
    /// The first of the keys on screen.
    pub top: usize,
    pub call: CallState,
    production: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkFocus {
    /// For how long.
    For,
    LeaveOut,
    Typed,
    Cancel,
    /// Deactivate in place of delete.
    Instead,
    Submit,
}

/// What a turn of the confirmation comes to.
pub(super) enum ConfirmOutcome {
    Stay,
    Close,
    Instead,
    Begin,
}

impl BulkConfirm {
    pub(super) fn new(survey: Survey, production: Option<String>) -> Self {
        let mut confirm = Self {
            survey,
            choice: 0,
            leave_out: false,
            typed: Field::new("", 0),
            focus: BulkFocus::Cancel,
            top: 0,
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

    /// For how long the keys can be deactivated; empty for another act.
    pub const fn choices(&self) -> &'static [SwitchChoice] {
        match self.survey.act {
            BulkAct::Deactivate(_) if self.has_work() => &SwitchChoice::OFFERED,
            _ => &[],
        }
    }

    /// What is done at `now`, the server's time.
    pub fn act_at(&self, now: DateTime<Utc>) -> BulkAct {
        match self.choices().get(self.choice).map(|choice| choice.switch(now)) {
            Some(Switch::Deactivate(until)) => BulkAct::Deactivate(until),
            _ => self.survey.act.clone(),
        }
    }

    /// The stops of the focus, in their order on screen.
    pub fn stops(&self) -> Vec<BulkFocus> {
        let mut stops = Vec::new();
        if !self.choices().is_empty() {
            stops.push(BulkFocus::For);
        }
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

    fn choose(&mut self, choice: usize) {
        if choice < self.choices().len() {
            self.choice = choice;
        }
    }

    fn toggle(&mut self) {
        self.leave_out = !self.leave_out;
        self.renew();
    }

    pub(super) fn act(&mut self, action: Action) -> ConfirmOutcome {
        match (action, self.focus) {
            (Action::Cancel, _) | (Action::Submit, BulkFocus::Cancel) => ConfirmOutcome::Close,
            (Action::Submit, BulkFocus::LeaveOut) => {
                self.toggle();
                ConfirmOutcome::Stay
            }
            (Action::Submit, BulkFocus::For) => {
                self.go(Action::Next);
                ConfirmOutcome::Stay
            }
            (Action::Submit, BulkFocus::Instead) => ConfirmOutcome::Instead,
            (Action::Submit, BulkFocus::Typed | BulkFocus::Submit) if self.has_work() && self.is_confirmed() => {
                ConfirmOutcome::Begin
            }
            (Action::Submit, _) => {
                if let Some(confirmation) = self.confirmation() {
                    self.call = CallState::Invalid(confirmation.refusal(self.typed.text()));
                    self.focus = BulkFocus::Typed;
                }
                ConfirmOutcome::Stay
            }
            (Action::Mark, _) if self.survey.warned > 0 => {
                self.toggle();
                ConfirmOutcome::Stay
            }
            (action @ (Action::Next | Action::Previous), _) => {
                self.go(action);
                ConfirmOutcome::Stay
            }
            _ => ConfirmOutcome::Stay,
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
            (BulkFocus::For, KeyCode::Left) => self.choose(self.choice.wrapping_sub(1)),
            (BulkFocus::For, KeyCode::Right | KeyCode::Char(' ')) => self.choose(self.choice + 1),
            (_, KeyCode::Char(digit @ '1'..='9')) if !self.choices().is_empty() => {
                self.choose(digit as usize - '1' as usize);
                // To choose by a press is to mean it: what confirms it is next.
                let is_typed = self.stops().contains(&BulkFocus::Typed);
                self.focus = if is_typed { BulkFocus::Typed } else { BulkFocus::Submit };
            }
            (_, KeyCode::Left) => self.go(Action::Previous),
            (_, KeyCode::Right) => self.go(Action::Next),
            _ => {}
        }
    }
}
