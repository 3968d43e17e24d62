//! Replacing a key by a new one, and ending that.

use crate::client::{ApiError, Attempt, Changed, EndedRotation, RotationEnd};
use crate::domain::{AccessKey, Status};
use crate::operations::deliver::NotSaved;
use crate::operations::keys::rotate;
use crate::operations::messages;
use crate::tui::keymap::Action;
use crate::tui::state::input::text_input::TextInput as _;
use crate::tui::state::rotation::RotationOutcome;
use crate::tui::state::{
    CallState, ClockReading, CreateDialog, Dialog, Effect, KeyForm, Reveal, RotateDialog, RotateFocus, RotationDialog,
    State, TargetKind,
};

/// Cells of what the system or a command says.
const WORDS_CELLS: usize = 240;

impl State {
    /// Begins the rotation of the selected key, or shows the one that is under way.
    pub(crate) fn open_rotation(&mut self) -> Option<Effect> {
        let key = self.list.selected_key()?.clone();
        self.open_rotation_of(key)
    }

    /// The same of any key. One that can't be rotated leads to a form for a new key like it.
    pub(crate) fn open_rotation_of(&mut self, key: AccessKey) -> Option<Effect> {
        if let Some(rotation) = &key.rotation {
            let window = self.list.window.as_ref();
            let other = window.and_then(|window| window.get(window.find(rotation.other())?)).cloned();
            let mut dialog = RotationDialog::new(key, other)?;
            let request = dialog.read();
            self.dialog = Some(Dialog::Rotation(Box::new(dialog)));
            return Some(request.into());
        }
        let (limits, ahead) = (self.list.lifetimes, self.list.ahead);
        self.dialog = Some(if key.status == Status::Active {
            Dialog::Rotate(Box::new(RotateDialog::new(key, limits, ahead)))
        } else {
            let form = KeyForm::like(&key, limits, ahead);
            Dialog::Create(CreateDialog::like(form, key))
        });
        self.accepted.clear();
        Some(Effect::Look) // while it is filled in, it is looked who will see the secret
    }

    pub(crate) fn act_in_rotate(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let clipboard = self.surroundings.as_ref().and_then(|around| around.way.as_ref().err());
        let Some(Dialog::Rotate(dialog)) = &mut self.dialog else { return None };
        match action {
            // Once it is asked for, its answer holds the only copy of a secret.
            _ if dialog.call.is_sent() && dialog.ready.is_none() => {}
            Action::Cancel => self.close_form(),
            _ if dialog.call.is_sent() => {}
            Action::Submit if dialog.is_at_cancel() => self.close_form(),
            Action::Submit => {
                let new = match dialog.read(now.utc) {
                    Ok(new) => new,
                    Err(words) => {
                        dialog.call = CallState::Invalid(words);
                        return None;
                    }
                };
                let label = dialog.form.text("label");
                let target = dialog.to.before(&dialog.key, label);
                let wrong = match (dialog.to.kind, clipboard) {
                    (TargetKind::Clipboard, Some(why)) => Some(format!("Nothing can be copied here: {why}.")),
                    (TargetKind::File, _) if dialog.to.file.text().trim().is_empty() => {
                        Some("Enter the name of a new file.".to_owned())
                    }
                    (TargetKind::Command, _) if dialog.to.command.text().trim().is_empty() => {
                        Some("Enter a command.".to_owned())
                    }
                    _ => None,
                };
                if let Some(words) = wrong {
                    dialog.call = CallState::Invalid(words);
                    return None;
                }
                dialog.call = CallState::Sent;
                let Some(target) = target else {
                    dialog.attempt.on_sent(&new, now.utc);
                    return Some(self.send(new));
                };
                dialog.ready = Some((now.utc, new));
                return Some(Effect::Try(target));
            }
            _ => dialog.go(action),
        }
        None
    }

    /// The destination of a new secret was tried: only then the key is made.
    pub fn on_tried(&mut self, tried: Result<(), NotSaved>) -> Option<Effect> {
        let Some(Dialog::Rotate(dialog)) = &mut self.dialog else { return None };
        let (at, new) = dialog.ready.take()?;
        match tried {
            Ok(()) => {
                dialog.attempt.on_sent(&new, at);
                Some(self.send(new))
            }
            Err(refused) => {
                dialog.focus = RotateFocus::Place;
                dialog.call = CallState::Failed(refused.sentences(messages::NO_KEY_MADE, WORDS_CELLS));
                None
            }
        }
    }

    /// The dialog of a new secret, if it was made in place of another one: with what is known of that one, and where it is
    /// to go.
    pub(crate) fn of_rotation(&mut self, mut reveal: Reveal) -> Reveal {
        let Some(new) = self.unsettled.attempt.as_ref().filter(|new| new.replaces.is_some()) else { return reveal };
        let begun = reveal.key.created_at;
        let until = match self.dialog.take_if(|dialog| matches!(dialog, Dialog::Rotate(_))) {
            Some(Dialog::Rotate(dialog)) => {
                reveal.to = dialog.to.after(&dialog.key, &reveal.key);
                rotate::old_ends_at(&dialog.key, new, begun)
            }
            // It was begun by an earlier run, and an expiry of the old key's own may come sooner.
            _ => rotate::old_ends_at(&reveal.key, new, begun),
        };
        reveal.replaces = new.replaces.as_ref().map(|old| (old.id.clone(), until));
        reveal
    }

    pub(crate) fn act_in_rotation(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Rotation(dialog)) = &mut self.dialog else { return None };
        match dialog.act(action, now) {
            RotationOutcome::Stay => None,
            RotationOutcome::Send(request) => Some(request.into()),
            RotationOutcome::Close => {
                self.dialog = None;
                None
            }
            RotationOutcome::Show(id) => {
                self.dialog = None;
                self.list.go_to(id).map(Effect::from)
            }
        }
    }

    /// Takes a key of the pair that is on screen.
    pub(crate) fn on_looked(
        &mut self,
        attempt: Attempt,
        result: Result<AccessKey, ApiError>,
        now: ClockReading,
    ) -> Option<Effect> {
        let Some(Dialog::Rotation(dialog)) = &mut self.dialog else { return None };
        if let (Ok(key), Some(window)) = (&result, &mut self.list.window)
            && dialog.has(&key.id)
        {
            window.update(key.clone());
        }
        dialog.on_looked(attempt, result, now).map(Effect::from)
    }

    /// Both keys of the pair are read again.
    pub(crate) fn on_rotation_ended(
        &mut self,
        before: &AccessKey,
        end: RotationEnd,
        result: Result<Box<Changed<EndedRotation>>, ApiError>,
    ) -> Option<Effect> {
        // Of a rotation that has ended nothing can be taken back.
        self.undo.take_if(|undo| undo.awaits(before) || result.is_ok());
        let Changed { result: ended, in_force } = *match (result, &mut self.dialog) {
            (Ok(ended), dialog) => {
                dialog.take_if(|dialog| matches!(dialog, Dialog::Rotation(pair) if pair.has(&before.id)));
                ended
            }
            (Err(error), Some(Dialog::Rotation(dialog))) if dialog.has(&before.id) => {
                return dialog.on_not_ended(&error).map(Effect::from);
            }
            (Err(error), _) => {
                self.complain(error.to_string());
                return None;
            }
        };
        self.say(messages::rotation_ended(end, &ended, in_force));
        let id = ended.new.map_or(ended.old.id, |new| new.id);
        Some(self.list.open(Some(id)).into())
    }
}
