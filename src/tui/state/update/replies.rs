//! Facts: what the server answered. A reply says what it is about, so it is right whatever is on screen.

use chrono::Local;

use crate::client::{ApiError, Changed, Creation, IdempotencyKey, Reply};
use crate::domain::{AccessKey, KeyId, Status};
use crate::operations::create::made_no_key;
use crate::operations::messages;
use crate::tui::state::{CallState, ClockReading, Dialog, Effect, ExitState, Question, Reveal, State};

impl State {
    /// Takes an answer of the server.
    pub fn on_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Effect> {
        match reply {
            Reply::Connected(result) => self.on_connected(result),
            Reply::SignInNeeded => {
                self.on_sign_in_needed();
                None
            }
            Reply::SignedIn(result) => self.on_signed_in(result),
            Reply::SignedOut(result) => Some(self.on_signed_out(result)),
            Reply::PasswordChanged(result) => {
                self.on_password_changed(result);
                None
            }
            Reply::Admins(read) => {
                self.on_admins(read);
                None
            }
            Reply::Sessions(read) => {
                self.on_sessions(read);
                None
            }
            Reply::Events(request, read) => self.on_events(&request, read),
            Reply::AdminChanged(change, result) => self.on_admin_changed(&change, result),
            Reply::SessionsEnded(result) => self.on_sessions_ended(result),
            Reply::Revoked(what, result) => self.on_revoked(what, result),
            reply @ (Reply::Exchanged(..) | Reply::Verified(..) | Reply::Looked(..)) => {
                self.step()?.on_reply(reply, now).map(Effect::from)
            }
            Reply::Listed(request, result) => self.list.on_listed(&request, result, now).map(Effect::from),
            Reply::Counted(filter, result) => {
                self.list.on_counted(&filter, result.ok());
                None
            }
            Reply::Counts(filters, result) => {
                self.on_counts(&filters, result);
                None
            }
            Reply::Created(result) => self.on_created(result),
            Reply::Edited(id, result) => self.on_edited(&id, result),
            Reply::Deleted(id, result) => self.on_deleted(&id, result),
            Reply::Walked(attempt, read) => self.on_walked(attempt, read, now),
            Reply::KeysChanged(attempt, changed) => self.on_keys_changed(attempt, changed, now),
        }
    }

    /// The only copy of a secret opens its dialog from any state.
    fn on_created(&mut self, result: Result<Creation, ApiError>) -> Option<Effect> {
        self.creating = false;
        match result {
            Ok(Creation::New(key, _) | Creation::Replayed(key)) if self.exit == ExitState::Forced => {
                Some(Effect::Quit(Some(format!(
                    "Key {} was created while latchkey was shutting down. Its secret was never shown: delete it.",
                    key.id.to_display(128)
                ))))
            }
            Ok(Creation::New(key, secret)) => {
                let id = key.id.clone();
                self.dialog = Some(Dialog::Reveal(Box::new(Reveal::new(key, secret, self.key_server()))));
                self.filter = None;
                Some(self.list.open(Some(id)).into())
            }
            Ok(Creation::Replayed(key)) => {
                self.exit = ExitState::No;
                let id = key.id.clone();
                self.dialog = Some(Dialog::Lost(Question::new(key)));
                Some(self.list.open(Some(id)).into())
            }
            Err(error) => self.on_not_created(&error),
        }
    }

    fn on_not_created(&mut self, error: &ApiError) -> Option<Effect> {
        if made_no_key(error) {
            self.settle();
        }
        if self.exit != ExitState::No {
            return Some(Effect::Quit(None));
        }
        match &mut self.dialog {
            Some(Dialog::LeftOver(dialog)) => dialog.call = CallState::Failed(error.to_string()),
            Some(Dialog::Create(dialog)) => {
                if matches!(error, ApiError::Conflict(422, _)) {
                    // An earlier try was made with other values: this one is another key.
                    dialog.idempotency_key = IdempotencyKey::random();
                }
                dialog.call = CallState::Failed(format!("{error} Nothing was lost. Press Enter to retry."));
            }
            _ => self.complain(error.to_string()),
        }
        None
    }

    fn on_edited(&mut self, id: &KeyId, result: Result<Changed<AccessKey>, ApiError>) -> Option<Effect> {
        let is_open = match &self.dialog {
            Some(Dialog::Edit(dialog)) => dialog.key.id == *id,
            Some(Dialog::Switch(question, _)) => question.key.id == *id,
            _ => false,
        };
        if let (Err(ApiError::Changed(Some(key))), Some(window)) = (&result, &mut self.list.window) {
            window.update(key.as_ref().clone());
        }
        let Changed { result: key, in_force } = self.end_call(is_open, result)?;
        let revoked = in_force.filter(|_| key.status == Status::Inactive);
        let refused = revoked.map_or(String::new(), |_| format!(" {}", messages::refused(revoked)));
        self.say(format!("{}{refused}", saved(&key)));
        if let Some(window) = &mut self.list.window {
            window.update(key);
        }
        None
    }

    fn on_deleted(&mut self, id: &KeyId, result: Result<Changed<bool>, ApiError>) -> Option<Effect> {
        let is_open = matches!(&self.dialog, Some(Dialog::Delete(dialog)) if dialog.key.id == *id);
        let in_force = self.end_call(is_open, result)?.in_force;
        let key = self.list.window.as_ref().and_then(|window| window.get(window.find(id)?));
        self.say(messages::deleted(id, key.map(|key| &key.label), in_force));
        self.list.remove(id).map(Effect::from)
    }

    /// Closes the dialog that has made a call, if it is open; says in it, or else on the page, why the call failed.
    fn end_call<T>(&mut self, is_open: bool, result: Result<T, ApiError>) -> Option<T> {
        match result {
            Ok(value) => {
                self.dialog.take_if(|_| is_open);
                Some(value)
            }
            Err(error) => {
                match self.dialog.as_mut().filter(|_| is_open).and_then(Dialog::call) {
                    Some(call) => *call = CallState::Failed(error.to_string()),
                    None => self.complain(error.to_string()),
                }
                None
            }
        }
    }
}

/// What a key is like now that it was changed.
fn saved(key: &AccessKey) -> String {
    let name = if key.label.is_empty() { key.id.to_display(40) } else { format!("“{}”", key.label.to_display(40)) };
    match (key.status, key.expires_at) {
        (Status::Inactive, _) => format!("Saved. {name} is inactive. Press a to reactivate."),
        (Status::Expired, _) => format!("Saved. {name} is expired; requests with it are refused."),
        (Status::Active, None) => format!("Saved. {name} is active and never expires."),
        (Status::Active, Some(end)) => {
            format!("Saved. {name} is active until {}.", end.with_timezone(&Local).format("%Y-%m-%d"))
        }
    }
}
