//! Facts: what the server answered. A reply says what it is about, so it is right whatever is on screen.

use crate::client::{
    ApiError, Changed, Creation, Event, EventScope, EventsRequest, HandoverEnd, KeyChange, Reply, Request,
};
use crate::domain::{AccessKey, Untrusted};
use crate::operations::keys::activate::Switch;
use crate::operations::keys::bulk::was_made;
use crate::operations::keys::changes;
use crate::operations::keys::create::{made_no_key, settles};
use crate::operations::messages;
use crate::tui::state::update::UNDO;
use crate::tui::state::{
    CallState, ClockReading, DeleteDialog, Dialog, Effect, ExitState, Question, Reveal, State, Step, Undo,
};

impl State {
    /// Takes an answer of the server.
    pub fn on_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Effect> {
        let effect = self.take_reply(reply, now);
        self.note_waiting(now);
        effect
    }

    fn take_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Effect> {
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
            Reply::Looked(attempt, result) if matches!(self.dialog, Some(Dialog::Rotation(_))) => {
                self.on_looked(attempt, result, now)
            }
            reply @ (Reply::Exchanged(..) | Reply::Verified(..) | Reply::Looked(..)) => {
                if let Some(Step::Test(step)) = self.step()
                    && let Some(id) = step.test.used_key(&reply).cloned()
                {
                    self.list.note_use(&id, now);
                }
                self.step()?.on_reply(reply, now).map(Effect::from)
            }
            Reply::Listed(request, result) => {
                if result.is_ok() {
                    self.usage.refresh();
                    self.hand_overs.refresh();
                }
                if self.list.is_refreshing() {
                    self.expiring.refresh();
                }
                let next = self.list.on_listed(&request, result, now);
                if let Some(Dialog::Create(dialog)) = &mut self.dialog {
                    dialog.form.expiry.limit(self.list.lifetimes);
                }
                next.map(Effect::from)
            }
            Reply::Usage(id, days, result) => self.on_usage(&id, days, result, now).map(Effect::from),
            Reply::Due(days, result) => {
                self.on_due(days, result);
                None
            }
            Reply::Counted(filter, result) => {
                self.list.on_counted(&filter, result.ok());
                None
            }
            Reply::Counts(filters, result) => {
                self.on_counts(&filters, result);
                None
            }
            Reply::FrequentOwners(answer) => self.on_frequent_owners(answer),
            Reply::Created(result) => self.on_created(result),
            Reply::Handovers(read) => {
                self.on_handovers(read);
                None
            }
            Reply::HandoverSettled(how, result) => {
                self.on_handover_settled(how, result);
                None
            }
            Reply::HandedOver(lookup, result) => {
                self.hand_overs.refresh();
                let handed = result.as_ref().ok().map(|handed| handed.id.clone());
                let is_waited_for = match &mut self.dialog {
                    Some(Dialog::Reveal(reveal)) => reveal.on_handed_over(lookup, result),
                    _ => false,
                };
                // Its code is gone: nobody could open it.
                let left = handed.filter(|_| !is_waited_for);
                left.map(|id| Request::SettleHandover(id, HandoverEnd::TakeBack).into())
            }
            Reply::Edited(key, result) => {
                self.expiring.refresh();
                self.on_edited(&key, result, now)
            }
            Reply::Deleted(key, result) => {
                self.expiring.refresh();
                self.on_deleted(&key, result)
            }
            Reply::RotationEnded(key, end, result) => self.on_rotation_ended(&key, end, result),
            Reply::Walked(attempt, read) => self.on_walked(attempt, read, now),
            Reply::Identified(attempt, found) => {
                self.on_identified(attempt, found);
                None
            }
            Reply::KeysChanged(attempt, changed) => self.on_keys_changed(attempt, changed, now),
        }
    }

    /// The only copy of a secret opens its dialog from any state.
    fn on_created(&mut self, result: Result<Creation, ApiError>) -> Option<Effect> {
        self.creating = false;
        match result {
            Ok(creation) if self.exit == ExitState::Forced => {
                let (key, next) = match creation {
                    Creation::New(key, _) => (key, "Start latchkey within ten minutes to get it, or delete the key."),
                    Creation::Replayed(key) => (key, "Delete it."),
                };
                let id = key.id.to_display(128);
                Some(Effect::Quit(Some(format!(
                    "Key {id} was created while latchkey was shutting down. Its secret was never shown. {next}"
                ))))
            }
            Ok(Creation::New(key, secret)) => {
                let id = key.id.clone();
                self.note_created(&id);
                let reveal = Reveal::new(key, secret, self.key_server());
                self.dialog = Some(Dialog::Reveal(Box::new(self.of_rotation(reveal))));
                (self.filter, self.help) = (None, None);
                Some(self.list.open(Some(id)).into())
            }
            Ok(Creation::Replayed(key)) => {
                self.exit = ExitState::No;
                let id = key.id.clone();
                self.dialog = Some(Dialog::Lost(Question::new(key)));
                (self.filter, self.help) = (None, None);
                Some(self.list.open(Some(id)).into())
            }
            Err(error) => self.on_not_created(&error),
        }
    }

    fn on_not_created(&mut self, error: &ApiError) -> Option<Effect> {
        let unsettled = &mut self.unsettled;
        unsettled.may_be_made |= !made_no_key(error);
        let is_settled = unsettled.attempt.as_ref().is_some_and(|new| settles(new, error, unsettled.may_be_made));
        if is_settled {
            self.settle();
        }
        if self.exit != ExitState::No {
            return Some(Effect::Quit(None));
        }
        if matches!(error, ApiError::Conflict(422, _)) {
            let before = match &mut self.dialog {
                Some(Dialog::Create(dialog)) => dialog.attempt.on_other_values(),
                Some(Dialog::Rotate(dialog)) => dialog.attempt.on_other_values(),
                Some(Dialog::LeftOver(dialog)) => dialog.left.on_other_values(),
                _ => None,
            };
            if let Some(before) = before {
                return Some(self.send(before));
            }
        }
        match &mut self.dialog {
            Some(Dialog::LeftOver(_)) if is_settled => {
                self.dialog = None;
                self.complain(error.to_string());
                self.ask_about_left_over();
            }
            Some(Dialog::LeftOver(dialog)) => dialog.call = CallState::Failed(error.to_string()),
            Some(Dialog::Rotate(dialog)) => dialog.on_not_made(error),
            Some(Dialog::Create(dialog)) => {
                dialog.call = CallState::Failed(dialog.attempt.not_made(error));
            }
            _ => self.complain(error.to_string()),
        }
        None
    }

    fn on_edited(
        &mut self,
        before: &AccessKey,
        result: Result<Changed<AccessKey>, ApiError>,
        now: ClockReading,
    ) -> Option<Effect> {
        let is_undo = self.undo.take_if(|undo| undo.awaits(before)).is_some();
        let is_open = match &self.dialog {
            Some(Dialog::Edit(dialog)) => dialog.key.id == before.id,
            Some(Dialog::Switch(question, _)) => question.key.id == before.id,
            _ => false,
        };
        let was_lost =
            self.unanswered.take_if(|sent| sent.id == before.id && sent.revision == before.revision).is_some();
        let result = match result {
            // It was made, and its answer was lost.
            Err(ApiError::Changed(Some(key))) if was_lost && self.has_asked_for(&key, now) => Ok((*key).into()),
            Err(ApiError::Changed(Some(key))) => return Some(self.on_conflict(before, *key, is_undo)),
            result => result,
        };
        if result.as_ref().is_err_and(ApiError::is_passing) {
            self.unanswered = Some(Box::new(before.clone()));
        }
        let Changed { result: key, in_force } = self.end_call(is_open, result)?;
        let said =
            if is_undo { changes::undone(before, &key, in_force) } else { changes::saved(before, &key, in_force) };
        self.undo = if is_undo { None } else { Undo::of(before, &key, now) };
        self.say(if self.undo.is_some() { format!("{said} {UNDO}") } else { said });
        if let Some(window) = &mut self.list.window {
            window.update(key);
        }
        None
    }

    /// Whether a key is what the open dialog makes of it, and nothing else has changed it since.
    fn has_asked_for(&self, key: &AccessKey, now: ClockReading) -> bool {
        let asked = match &self.dialog {
            Some(Dialog::Switch(question, switch)) => Some(switch.changes(&question.key)),
            Some(Dialog::Edit(dialog)) => dialog.form.changes(&dialog.key, now.utc).ok().flatten(),
            _ => None,
        };
        asked.is_some_and(|changes| was_made(&KeyChange::Edit(key.id.clone(), changes), key))
    }

    fn on_deleted(&mut self, before: &AccessKey, result: Result<Changed<bool>, ApiError>) -> Option<Effect> {
        let id = &before.id;
        let is_open = matches!(&self.dialog, Some(Dialog::Delete(dialog)) if dialog.key.id == *id);
        if let Err(ApiError::Changed(Some(key))) = result {
            return Some(self.on_conflict(before, *key, false));
        }
        let in_force = self.end_call(is_open, result)?.in_force;
        self.say(messages::deleted(id, Some(&before.label), in_force));
        self.list.remove(id).map(Effect::from)
    }

    /// Another administrator changed a key before a change of ours came. Nothing was done; its dialog, if it is open,
    /// has the key as it is now, and the user decides.
    fn on_conflict(&mut self, before: &AccessKey, key: AccessKey, is_undo: bool) -> Effect {
        if let Some(window) = &mut self.list.window {
            window.update(key.clone());
        }
        match &mut self.dialog {
            Some(Dialog::Edit(dialog)) if dialog.key.id == key.id => {
                dialog.form.rebase(&dialog.key, &key);
                dialog.key = key.clone();
            }
            Some(Dialog::Switch(question, _)) if question.key.id == key.id => {
                (question.key, question.yes) = (key.clone(), false);
            }
            Some(Dialog::Delete(dialog)) if dialog.key.id == key.id => {
                let production = dialog.confirmation.production().map(str::to_owned);
                let impact = dialog.impact.take();
                *dialog = DeleteDialog { impact, ..DeleteDialog::new(key.clone(), production) };
            }
            _ => {}
        }
        if let Some(call) = self
            .dialog
            .as_mut()
            .filter(|dialog| dialog.key().is_some_and(|shown| shown.id == key.id))
            .and_then(Dialog::call)
        {
            *call = CallState::None;
        }
        let request = EventsRequest { of: EventScope::Key(key.id.clone()), cursor: None };
        self.conflict = Some(Box::new((before.clone(), key, is_undo)));
        self.tell_conflict(None);
        Request::Events(request).into()
    }

    /// Says who changed a key, once its newest events are known.
    pub(crate) fn on_events_of_conflict(&mut self, request: &EventsRequest, events: &[Event]) {
        let is_about = |id| request.cursor.is_none() && request.of == EventScope::Key(id);
        if self.conflict.as_ref().is_some_and(|keys| is_about(keys.1.id.clone())) {
            self.tell_conflict(changes::changed_by(events));
            self.conflict = None;
        }
    }

    fn tell_conflict(&mut self, by: Option<&Untrusted>) {
        let Some(keys) = self.conflict.as_deref() else { return };
        let (before, key, is_undo) = keys;
        let words = changes::meanwhile(by, before, key);
        let call = self.dialog.as_mut().filter(|dialog| dialog.key().is_some_and(|shown| shown.id == key.id));
        match call {
            Some(Dialog::Edit(dialog)) if !dialog.call.is_sent() => {
                dialog.call = CallState::Failed(format!("{words} Enter saves your changes, Esc discards them."));
            }
            Some(Dialog::Switch(question, switch)) if !question.call.is_sent() => {
                let next = match Switch::of(key, Some(*switch)) {
                    Ok(_) => "Nothing was done yet.".to_owned(),
                    Err(why) => why.to_string(),
                };
                question.call = CallState::Failed(format!("{words} {next}"));
            }
            Some(Dialog::Delete(dialog)) if !dialog.call.is_sent() => {
                dialog.call = CallState::Failed(format!("{words} Not deleted yet."));
            }
            Some(_) => {}
            None if *is_undo => self.complain(changes::not_undone(key, &words)),
            None => self.complain(format!("{words} {}", messages::NOTHING_CHANGED)),
        }
    }

    /// Closes the dialog that has made a call, if it is open; says in it, or else on the page, why the call failed.
    pub(crate) fn end_call<T>(&mut self, is_open: bool, result: Result<T, ApiError>) -> Option<T> {
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
