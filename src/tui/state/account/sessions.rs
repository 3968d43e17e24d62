//! The screen of sessions, and the emergency brake.

use crate::client::{ApiError, RevokeRequest, SessionEntry};
use crate::domain::Untrusted;
use crate::operations::account::revoke;
use crate::operations::account::sessions::EndSessions;
use crate::operations::keys::delete::Confirmation;
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::account::admins::AdminsScreen;
use crate::tui::state::{CallState, Rows};

#[derive(Debug, Default)]
pub struct SessionsScreen {
    pub rows: Rows<SessionEntry>,
    /// Whose they are; everyone's if none.
    pub of: Option<Untrusted>,
    /// The screen that it was opened from.
    pub back: Option<Box<AdminsScreen>>,
    /// What is asked on top of it.
    pub question: Option<EndQuestion>,
}

impl SessionsScreen {
    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        if self.question.is_some() { Mode::Question } else { Mode::Sessions }
    }

    pub fn on_read(&mut self, read: Result<Vec<SessionEntry>, ApiError>) {
        let read = read.map(|mut all| {
            all.retain(|session| self.of.as_ref().is_none_or(|of| session.username == *of));
            all
        });
        self.rows.on_read(read, |one, other| one.id == other.id);
    }
}

/// Whether sessions shall be ended; the safe answer is preselected.
#[derive(Debug)]
pub struct EndQuestion {
    pub ends: EndSessions,
    /// Whether the button that does it is focused.
    pub yes: bool,
    pub call: CallState,
}

impl EndQuestion {
    pub const fn new(ends: EndSessions) -> Self {
        Self { ends, yes: false, call: CallState::None }
    }
}

/// The emergency brake: what is to be revoked, and the word that confirms it.
#[derive(Debug)]
pub struct RevokeDialog {
    /// Which of `operations::revoke::CHOICES`.
    pub choice: usize,
    /// Those of the server, once they are known.
    pub sessions: Option<Vec<SessionEntry>>,
    pub confirmation: Confirmation,
    pub typed: Field,
    pub call: CallState,
}

/// What a turn of the dialog comes to.
pub enum RevokeOutcome {
    Stay,
    Send(RevokeRequest),
    Close,
}

impl RevokeDialog {
    pub fn new(production: Option<String>) -> Self {
        let confirmation = revoke::confirmation(production);
        let typed = Field::new("", confirmation.phrase().chars().count());
        Self { choice: 0, sessions: None, confirmation, typed, call: CallState::None }
    }

    pub fn what(&self) -> RevokeRequest {
        revoke::CHOICES[self.choice % revoke::CHOICES.len()]
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmation.is_given_by(self.typed.text())
    }

    pub fn act(&mut self, action: Action) -> RevokeOutcome {
        let choices = revoke::CHOICES.len();
        match action {
            _ if self.call.is_sent() => {
                // Nothing is lost by going on: the answer will be told wherever it comes.
                return if action == Action::Cancel { RevokeOutcome::Close } else { RevokeOutcome::Stay };
            }
            Action::Next => self.choice = (self.choice + 1) % choices,
            Action::Previous => self.choice = (self.choice + choices - 1) % choices,
            Action::Submit if self.is_confirmed() => {
                self.call = CallState::Sent;
                return RevokeOutcome::Send(self.what());
            }
            Action::Submit => self.call = CallState::Invalid(self.confirmation.refusal(self.typed.text())),
            Action::Cancel => return RevokeOutcome::Close,
            _ => {}
        }
        RevokeOutcome::Stay
    }
}
