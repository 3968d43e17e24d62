//! Intents in the dialog that holds a secret.

use crate::operations::keys::rotate;
use crate::operations::messages::ready_to_use;
use crate::tui::keymap::Action;
use crate::tui::state::update::UNDO;
use crate::tui::state::{ClockReading, Dialog, Effect, ExitState, PendingAction, RevealOutcome, State, Undo};

impl State {
    pub(crate) fn act_in_reveal(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Reveal(reveal)) = &mut self.dialog else { return None };
        let asked = reveal.asking;
        let outcome = reveal.act(action);
        match outcome {
            RevealOutcome::Stay(effect) => {
                if asked && !reveal.asking {
                    self.exit = ExitState::No; // back to the secret is also: do not leave
                }
                effect
            }
            RevealOutcome::Show => Some(self.hold(PendingAction::Show)),
            RevealOutcome::HandOver => Some(self.hold(PendingAction::HandOver)),
            RevealOutcome::Close | RevealOutcome::CreateAnother => {
                let words = match &reveal.replaces {
                    Some((old, until)) => {
                        self.undo = Undo::of_rotation(&reveal.key, now);
                        let undo = if self.undo.is_some() { UNDO } else { "" };
                        format!("{} {undo}", rotate::begun(old, *until, now.utc))
                    }
                    None => ready_to_use(&reveal.key),
                };
                self.dialog = None;
                if self.exit != ExitState::No {
                    return Some(Effect::Quit(None));
                }
                if matches!(outcome, RevealOutcome::CreateAnother) {
                    return Some(self.open_create());
                }
                self.say(words.trim_end());
                None
            }
        }
    }
}
