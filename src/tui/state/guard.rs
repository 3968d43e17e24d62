//! What is held back until it is known who else would see it.

use secrecy::SecretString;

use super::{ClockReading, Dialog, Effect, State};
use crate::platform::clipboard::report::What;
use crate::platform::surroundings::{Surroundings, Warning};
use crate::tui::keymap::Action;

/// A secret about to leave, and the question that is in its way if there is a reason for one.
#[derive(Debug)]
pub struct Guard {
    /// What is held back.
    pub holds: PendingAction,
    /// The reasons to think twice; none while it is still looked for them.
    pub reasons: Vec<Warning>,
    /// Whether the button that goes on is focused.
    pub yes: bool,
}

/// A way for a secret to leave.
#[derive(Debug)]
pub enum PendingAction {
    /// It, or what was made with it, is shown.
    Show,
    /// A code that opens it is shown.
    HandOver,
    /// It, or what was made with it, is copied.
    Copy(What, SecretString),
}

impl State {
    /// The question, if it is on screen.
    pub fn guarding(&self) -> Option<&Guard> {
        self.guard.as_ref().filter(|guard| !guard.reasons.is_empty() && self.signing_in().is_none())
    }

    /// Takes what surrounds the program now. What was held back for that goes on, or a question is asked first.
    pub fn on_surroundings(&mut self, found: Surroundings, now: ClockReading) -> Option<Effect> {
        let mut new = found.warnings.clone();
        let is_reachable = found.way.is_ok();
        self.surroundings = Some(found);
        let guard = self.guard.as_mut().filter(|guard| guard.reasons.is_empty())?;
        new.retain(|warning| {
            let concerns = match guard.holds {
                PendingAction::Show | PendingAction::HandOver => true,
                // A copy that goes nowhere is seen nowhere.
                PendingAction::Copy(..) => is_reachable && warning.concerns_copies(),
            };
            concerns && !self.accepted.contains(warning)
        });
        if new.is_empty() {
            return self.release(now);
        }
        guard.reasons = new;
        self.help = None;
        None
    }

    /// Holds something back, and asks who would see it.
    pub(crate) fn hold(&mut self, holds: PendingAction) -> Effect {
        self.guard = Some(Guard { holds, reasons: Vec::new(), yes: false });
        Effect::Look
    }

    /// Holds back an effect that would copy a credential; any other goes on.
    pub(crate) fn guarded(&mut self, effect: Effect) -> Effect {
        match effect {
            Effect::Copy(what, text) if what.is_credential() => self.hold(PendingAction::Copy(what, text)),
            effect => effect,
        }
    }

    /// The question has two answers: no (preselected), or go on, and do not ask for these reasons again.
    pub(crate) fn act_in_guard(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let guard = self.guard.as_mut()?;
        match action {
            Action::Next | Action::Previous => guard.yes = !guard.yes,
            Action::Submit if guard.yes => {
                self.accepted.append(&mut guard.reasons);
                return self.release(now);
            }
            Action::Submit | Action::Cancel => self.guard = None,
            _ => {}
        }
        None
    }

    fn release(&mut self, now: ClockReading) -> Option<Effect> {
        match (self.guard.take()?.holds, &mut self.dialog) {
            (PendingAction::Show, Some(Dialog::Reveal(reveal))) => {
                reveal.show(now);
                None
            }
            (PendingAction::HandOver, Some(Dialog::Reveal(reveal))) => {
                reveal.open_hand_over();
                None
            }
            (PendingAction::Show, Some(Dialog::Token(token))) => {
                token.step.as_mut()?.show(now);
                None
            }
            // What a closed dialog held is gone, and does not come to a clipboard after it.
            (PendingAction::Show | PendingAction::HandOver, _) | (PendingAction::Copy(..), None) => None,
            (PendingAction::Copy(what, text), Some(_)) => Some(Effect::Copy(what, text)),
        }
    }
}
