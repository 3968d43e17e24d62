//! The way of a secret to someone else: a code that opens it once.

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent};
use secrecy::SecretString;

use super::StepOutcome;
use crate::client::{ApiError, Handover, Request};
use crate::operations::handover::{Commands, Ticket};
use crate::operations::messages;
use crate::operations::tokens::pair::Pair;
use crate::platform::clipboard::report::{CopyReport, What};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::Effect;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

/// How long a code can be good.
pub const TTLS: [(&str, TimeDelta); 4] = [
    ("15 min", TimeDelta::minutes(15)),
    ("1 hour", TimeDelta::hours(1)),
    ("1 day", TimeDelta::days(1)),
    ("7 days", TimeDelta::days(7)),
];

/// The step, from how long a code shall be good to the code.
#[derive(Debug)]
pub struct HandOverStep {
    /// Which of [`TTLS`].
    pub ttl: usize,
    pub with_pin: bool,
    pub focus: HandOverFocus,
    pub state: HandingOver,
    /// What came of the last copy.
    pub copied: Option<(What, CopyReport)>,
    pair: Pair,
}

/// How far it is.
#[derive(Debug)]
pub enum HandingOver {
    /// Not begun.
    Ready,
    /// The server is asked to keep the secret.
    Running(Ticket),
    /// Whoever has the code can open it.
    Done { ticket: Ticket, until: DateTime<Utc> },
    /// It failed: in words. The secret is still here.
    Failed(String),
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverFocus {
    Ttl,
    Pin,
    Create,
    CopyCode,
    Back,
}

impl HandOverStep {
    pub const fn new(pair: Pair) -> Self {
        let (focus, state, copied) = (HandOverFocus::Create, HandingOver::Ready, None);
        Self { ttl: 1, with_pin: false, focus, state, copied, pair }
    }

    /// The stops, in their order on screen.
    pub const fn stops(&self) -> &'static [HandOverFocus] {
        use HandOverFocus::{Back, CopyCode, Create, Pin, Ttl};
        if matches!(self.state, HandingOver::Done { .. }) { &[CopyCode, Back] } else { &[Ttl, Pin, Create, Back] }
    }

    /// How the code is used: with this program, and with curl.
    pub fn commands(&self) -> Commands {
        Commands::of(&self.pair.server.target, self.with_pin).unwrap_or_default()
    }

    pub fn act(&mut self, action: Action) -> StepOutcome {
        match action {
            Action::Cancel => return StepOutcome::Back,
            _ if matches!(self.state, HandingOver::Running(_)) => {}
            Action::Next | Action::Previous => self.go(action),
            Action::Submit => match self.focus {
                HandOverFocus::Back => return StepOutcome::Back,
                HandOverFocus::CopyCode => return StepOutcome::Stay(self.copy()),
                _ => return StepOutcome::Stay(self.create()),
            },
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    fn create(&mut self) -> Option<Effect> {
        let ticket = Ticket::draw(self.with_pin).ok();
        let sealed = ticket.as_ref().and_then(|ticket| ticket.seal(&self.pair.id, &self.pair.secret, TTLS[self.ttl].1));
        let (Some(ticket), Some(sealed)) = (ticket, sealed) else {
            self.state = HandingOver::Failed(messages::NO_CODE.to_owned());
            return None;
        };
        self.state = HandingOver::Running(ticket);
        Some(Request::HandOver(Box::new(sealed)).into())
    }

    fn copy(&self) -> Option<Effect> {
        let HandingOver::Done { ticket, .. } = &self.state else { return None };
        Some(Effect::Copy(What::Code, SecretString::from(ticket.code.expose().as_str())))
    }

    /// Takes the server's answer about a code; one that was left with Esc is not the one that is waited for. Gives until
    /// when the secret waits there for whoever has the code.
    pub fn on_handed_over(&mut self, lookup: [u8; 32], result: Result<Handover, ApiError>) -> Option<DateTime<Utc>> {
        let ticket = match std::mem::replace(&mut self.state, HandingOver::Ready) {
            HandingOver::Running(ticket) if ticket.code.lookup_digest() == lookup => ticket,
            other => {
                self.state = other;
                return None;
            }
        };
        match result {
            Ok(handed) => {
                self.state = HandingOver::Done { ticket, until: handed.until };
                self.focus = HandOverFocus::CopyCode;
                Some(handed.until)
            }
            Err(error) => {
                self.state = HandingOver::Failed(format!("{error} The secret is still in this dialog."));
                None
            }
        }
    }
}

impl TextInput for HandOverStep {
    fn field(&mut self) -> Option<&mut Field> {
        None
    }

    fn go(&mut self, action: Action) {
        self.focus = moved(self.stops(), self.focus, action);
    }

    fn press(&mut self, key: KeyEvent) {
        let step = match key.code {
            KeyCode::Left => TTLS.len() - 1,
            KeyCode::Right | KeyCode::Char(' ') => 1,
            _ => return,
        };
        match self.focus {
            _ if matches!(self.state, HandingOver::Running(_)) => {}
            HandOverFocus::Ttl => self.ttl = (self.ttl + step) % TTLS.len(),
            HandOverFocus::Pin => self.with_pin = !self.with_pin,
            _ => self.go(if step == 1 { Action::Next } else { Action::Previous }),
        }
    }
}
