//! Taking back the last change of a key, or of many.

use crate::client::{Request, RotationEnd};
use crate::operations::messages;
use crate::tui::state::{BulkDialog, ClockReading, Dialog, Effect, State, UndoOf};

impl State {
    /// Takes the last change back, by the same call as a change: what another administrator did since is not
    /// overwritten.
    pub(crate) fn begin_undo(&mut self) -> Option<Effect> {
        let at = self.pace.last();
        match &mut self.undo {
            Some(undo) if at.is_some_and(|at| undo.is_offered(at)) => match &mut undo.what {
                UndoOf::One(key, changes) => {
                    undo.is_sent = true;
                    let request = Request::Edit(key.clone(), changes.clone());
                    self.say("Undoing…");
                    Some(request.into())
                }
                UndoOf::Rotation(key) => {
                    undo.is_sent = true;
                    let request = Request::EndRotation(key.clone(), RotationEnd::Undo);
                    self.say("Undoing…");
                    Some(request.into())
                }
                UndoOf::Many(reversals) => {
                    let (at, read) = (at?, self.list.as_of?);
                    let now = ClockReading { at, utc: read.utc + at.saturating_duration_since(read.at) };
                    let reversals = std::mem::take(reversals);
                    let (dialog, outcome) = BulkDialog::undo(reversals, self.production(), self.list.ahead, now);
                    (self.undo, self.dialog) = (None, Some(Dialog::Bulk(Box::new(dialog))));
                    self.on_bulk(outcome, now)
                }
            },
            Some(undo) if undo.is_sent => None,
            _ => {
                let is_rotating = self.list.selected_key().is_some_and(|key| key.rotation.is_some());
                self.say(if is_rotating {
                    messages::UNDO_ROTATION.to_owned()
                } else {
                    messages::nothing_to_undo(", for 60 s")
                });
                None
            }
        }
    }
}
