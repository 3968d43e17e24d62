//! Taking back the last change of a key.

use crate::client::Request;
use crate::tui::state::{Effect, State};

impl State {
    /// Takes the last change back, by the same call as a change: what another administrator did since is not overwritten.
    pub(crate) fn begin_undo(&mut self) -> Option<Effect> {
        let at = self.pace.last();
        match &mut self.undo {
            Some(undo) if at.is_some_and(|at| undo.is_offered(at)) => {
                undo.is_sent = true;
                let (key, changes) = (Box::new(undo.key.clone()), undo.changes.clone());
                self.say("Undoing…");
                Some(Request::Edit(key, changes).into())
            }
            Some(undo) if undo.is_sent => None,
            _ => {
                self.say("Nothing to undo. Your last change of a key can be undone for 60 s.");
                None
            }
        }
    }
}
