//! Signing in: on top of whatever is open, which goes on afterwards.

use secrecy::SecretString;

use crate::client::Credentials;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::CallState;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

#[derive(Debug)]
pub struct SignInDialog {
    /// Why it was opened.
    pub why: &'static str,
    pub username: Field,
    /// The password; never echoed.
    pub password: Field,
    pub focus: SignInFocus,
    pub call: CallState,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInFocus {
    Username,
    Password,
    Submit,
    Cancel,
}

use SignInFocus as F;

/// What a turn of the dialog comes to.
pub enum SignInOutcome {
    Stay,
    /// These shall sign in.
    Send(Credentials),
    /// The sign-in was cancelled.
    GiveUp,
}

/// In their order on screen.
const STOPS: [SignInFocus; 4] = [F::Username, F::Password, F::Submit, F::Cancel];
/// Longer than any name.
pub(crate) const MOST_NAME: usize = 128;
/// The longest password, in characters; the server takes up to 1024 bytes.
pub(crate) const MOST_PASSWORD: usize = 1024;

impl SignInDialog {
    /// A dialog with a name in it, if one is known.
    pub fn new(why: &'static str, username: &str) -> Self {
        Self {
            why,
            username: Field::new(username, MOST_NAME),
            password: Field::masked(MOST_PASSWORD),
            focus: if username.is_empty() { F::Username } else { F::Password },
            call: CallState::None,
        }
    }

    pub fn act(&mut self, action: Action) -> SignInOutcome {
        if self.call.is_sent() {
            return if action == Action::Cancel { SignInOutcome::GiveUp } else { SignInOutcome::Stay };
        }
        match action {
            Action::Next | Action::Previous => self.focus = moved(&STOPS, self.focus, action),
            Action::Cancel => return SignInOutcome::GiveUp,
            Action::Submit => match self.focus {
                F::Cancel => return SignInOutcome::GiveUp,
                F::Username => self.focus = F::Password,
                F::Password | F::Submit => return self.submit(),
            },
            _ => {}
        }
        SignInOutcome::Stay
    }

    /// The server refused: the name stays, the password is typed again.
    pub fn fail(&mut self, words: String) {
        self.call = CallState::Failed(words);
        self.password = Field::masked(MOST_PASSWORD);
        self.focus = F::Password;
    }

    fn submit(&mut self) -> SignInOutcome {
        if self.username.text().is_empty() {
            self.focus = F::Username;
            self.call = CallState::Invalid("Enter your user name.".into());
        } else if self.password.text().is_empty() {
            self.focus = F::Password;
            self.call = CallState::Invalid("Enter your password.".into());
        } else {
            self.call = CallState::Sent;
            let password = SecretString::from(self.password.text());
            return SignInOutcome::Send(Credentials { username: self.username.text().to_owned(), password });
        }
        SignInOutcome::Stay
    }
}

impl TextInput for SignInDialog {
    fn field(&mut self) -> Option<&mut Field> {
        if self.call.is_sent() {
            return None;
        }
        match self.focus {
            F::Username => Some(&mut self.username),
            F::Password => Some(&mut self.password),
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
