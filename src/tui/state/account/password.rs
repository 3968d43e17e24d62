//! Changing one's own password.

use secrecy::SecretString;

use crate::client::PasswordUpdate;
use crate::operations::account::administrators::check_typed;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::account::sign_in::MOST_PASSWORD;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{AdminsScreen, CallState};

#[derive(Debug)]
pub struct PasswordDialog {
    /// Whose password it is.
    pub username: String,
    /// None of the three is ever echoed.
    pub old: Field,
    pub new: Field,
    pub again: Field,
    pub focus: PasswordFocus,
    pub call: CallState,
    /// The screen that it was opened from.
    pub back: Option<Box<AdminsScreen>>,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFocus {
    Old,
    New,
    Again,
    Submit,
    Cancel,
}

use PasswordFocus as F;

/// What a turn of the dialog comes to.
pub enum PasswordOutcome {
    Stay,
    Send(PasswordUpdate),
    Close,
}

/// In their order on screen.
const STOPS: [PasswordFocus; 5] = [F::Old, F::New, F::Again, F::Submit, F::Cancel];

impl PasswordDialog {
    pub fn new(username: &str) -> Self {
        let [old, new, again] = [const { MOST_PASSWORD }; 3].map(Field::masked);
        Self { username: username.to_owned(), old, new, again, focus: F::Old, call: CallState::None, back: None }
    }

    pub fn act(&mut self, action: Action) -> PasswordOutcome {
        if self.call.is_sent() {
            // Nothing is lost by going on: the answer will be told wherever it comes.
            return if action == Action::Cancel { PasswordOutcome::Close } else { PasswordOutcome::Stay };
        }
        match action {
            Action::Next | Action::Previous => self.focus = moved(&STOPS, self.focus, action),
            Action::Cancel => return PasswordOutcome::Close,
            Action::Submit => match self.focus {
                F::Cancel => return PasswordOutcome::Close,
                F::Old => self.focus = F::New,
                F::New => self.focus = F::Again,
                F::Again | F::Submit => return self.submit(),
            },
            _ => {}
        }
        PasswordOutcome::Stay
    }

    /// The server refused; if it was for the old password, that is typed again.
    pub fn fail(&mut self, words: String, is_wrong_old: bool) {
        self.call = CallState::Failed(words);
        if is_wrong_old {
            self.old = Field::masked(MOST_PASSWORD);
            self.focus = F::Old;
        }
    }

    fn submit(&mut self) -> PasswordOutcome {
        if self.old.text().is_empty() {
            self.focus = F::Old;
            self.call = CallState::Invalid("Enter your old password.".into());
            return PasswordOutcome::Stay;
        }
        let [old, new, again] = [&self.old, &self.new, &self.again].map(|field| SecretString::from(field.text()));
        if let Err(words) = check_typed(&self.username, &new, &again) {
            self.focus = F::New;
            (self.new, self.again) = (Field::masked(MOST_PASSWORD), Field::masked(MOST_PASSWORD));
            self.call = CallState::Invalid(words);
            return PasswordOutcome::Stay;
        }
        self.call = CallState::Sent;
        PasswordOutcome::Send(PasswordUpdate { old, new })
    }
}

impl TextInput for PasswordDialog {
    fn field(&mut self) -> Option<&mut Field> {
        if self.call.is_sent() {
            return None;
        }
        match self.focus {
            F::Old => Some(&mut self.old),
            F::New => Some(&mut self.new),
            F::Again => Some(&mut self.again),
            F::Submit | F::Cancel => None,
        }
    }

    fn go(&mut self, action: Action) {
        match (self.focus, action) {
            (F::Submit, Action::Next) => self.focus = F::Cancel,
            (F::Cancel, Action::Previous) => self.focus = F::Submit,
            _ => {}
        }
    }
}
