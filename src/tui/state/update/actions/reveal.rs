//! Intents in the dialog that holds a secret.

use crate::operations::messages::ready_to_use;
use crate::tui::keymap::Action;
use crate::tui::state::{Dialog, Effect, ExitState, PendingAction, RevealOutcome, State};

impl State {
    pub(crate) fn act_in_reveal(&mut self, action: Action) -> Option<Effect> {
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
            RevealOutcome::Close | RevealOutcome::CreateAnother => {
                let words = ready_to_use(&reveal.key);
                self.dialog = None;
                if self.exit != ExitState::No {
                    return Some(Effect::Quit(None));
                }
                if matches!(outcome, RevealOutcome::CreateAnother) {
                    return Some(self.open_create());
                }
                self.say(words);
                None
            }
        }
    }
}
