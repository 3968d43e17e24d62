//! The dialog that holds the only copy of a new secret.

use std::time::{Duration, Instant};

use super::{CopyReport, Effect, Moment, What};
use crate::model::{AccessKey, SecretKey};
use crate::ui::keymap::Action;

/// A new key with its secret, until *Close*.
#[derive(Debug)]
pub struct Reveal {
    /// The key.
    pub key: AccessKey,
    /// Its secret. Dropped, and so wiped, with the dialog.
    pub secret: SecretKey,
    /// Until when the secret is readable; hidden if none.
    pub shown_until: Option<Instant>,
    /// The focused button.
    pub focus: RevealButton,
    /// What came of the last copy.
    pub copied: Option<(What, CopyReport)>,
    /// Whether *Close* has asked, since the secret was neither shown nor copied.
    pub asking: bool,
    seen: bool,
}

/// The buttons, in their order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealButton {
    /// *Show key*, or *Hide key* while it is shown.
    Show,
    /// *Copy to clipboard*.
    Copy,
    /// *Close*.
    Close,
}

impl RevealButton {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Show, Self::Copy, Self::Close];
}

/// A shown secret hides by itself after this long.
pub const SHOWN_FOR: Duration = Duration::from_secs(30);

/// What a turn of the dialog comes to.
pub enum Outcome {
    /// It stays, and this must happen outside.
    Stay(Option<Effect>),
    /// It closes; the secret is gone.
    Close,
}

impl Reveal {
    /// A dialog with its secret hidden.
    #[must_use]
    pub const fn new(key: AccessKey, secret: SecretKey) -> Self {
        Self { key, secret, shown_until: None, focus: RevealButton::Show, copied: None, asking: false, seen: false }
    }

    /// Takes an intent.
    pub fn act(&mut self, action: Action, now: Moment) -> Outcome {
        if self.asking {
            return self.answer(action);
        }
        match action {
            Action::ShowKey => self.toggle(now),
            Action::CopySecret => return Outcome::Stay(Some(self.copy(What::Secret))),
            Action::CopyId => return Outcome::Stay(Some(self.copy(What::Id))),
            Action::Next => self.step(1),
            Action::Previous => self.step(RevealButton::ALL.len() - 1),
            Action::Close => return self.close(),
            Action::Submit => match self.focus {
                RevealButton::Show => self.toggle(now),
                RevealButton::Copy => return Outcome::Stay(Some(self.copy(What::Secret))),
                RevealButton::Close => return self.close(),
            },
            Action::Cancel => self.focus = RevealButton::Close,
            _ => {}
        }
        Outcome::Stay(None)
    }

    /// Hides the secret.
    pub const fn hide(&mut self) {
        self.shown_until = None;
    }

    /// Whole seconds until it hides by itself.
    #[must_use]
    pub fn seconds_left(&self, now: Moment) -> Option<u64> {
        let left = self.shown_until?.saturating_duration_since(now.at);
        Some(left.as_millis().div_ceil(1000).try_into().unwrap_or(0))
    }

    /// When the countdown shows another number.
    #[must_use]
    pub fn next_wake(&self, now: Moment) -> Option<Instant> {
        let until = self.shown_until?;
        let left = self.seconds_left(now)?;
        Some(until.checked_sub(Duration::from_secs(left.saturating_sub(1))).unwrap_or(until))
    }

    /// Hides the secret when its time is up.
    pub fn on_time(&mut self, now: Moment) {
        if self.shown_until.is_some_and(|until| until <= now.at) {
            self.hide();
        }
    }

    /// Takes what came of a copy.
    pub fn on_copied(&mut self, what: What, report: CopyReport) {
        self.seen |= what == What::Secret && !matches!(report, CopyReport::Failed { .. });
        self.copied = Some((what, report));
    }

    fn toggle(&mut self, now: Moment) {
        self.shown_until = match self.shown_until {
            Some(_) => None,
            None => Some(now.at + SHOWN_FOR),
        };
        self.seen = true;
    }

    fn copy(&mut self, what: What) -> Effect {
        self.copied = None;
        match what {
            What::Secret => Effect::CopySecret(self.secret.clone()),
            What::Id => Effect::CopyId(self.key.id.clone()),
        }
    }

    const fn close(&mut self) -> Outcome {
        if self.seen {
            return Outcome::Close;
        }
        self.asking = true;
        self.focus = RevealButton::Show;
        Outcome::Stay(None)
    }

    /// The question has two answers: back to the secret (preselected), or close all the same.
    const fn answer(&mut self, action: Action) -> Outcome {
        match action {
            Action::Next | Action::Previous => {
                self.focus = match self.focus {
                    RevealButton::Close => RevealButton::Show,
                    _ => RevealButton::Close,
                };
            }
            Action::Submit if matches!(self.focus, RevealButton::Close) => return Outcome::Close,
            Action::Submit | Action::Cancel => {
                self.asking = false;
                self.focus = RevealButton::Show;
            }
            _ => {}
        }
        Outcome::Stay(None)
    }

    fn step(&mut self, by: usize) {
        let at = RevealButton::ALL.iter().position(|b| *b == self.focus).unwrap_or(0);
        self.focus = RevealButton::ALL[(at + by) % RevealButton::ALL.len()];
    }
}
