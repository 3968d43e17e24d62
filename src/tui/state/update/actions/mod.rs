//! Intents: what the user wants done, in the list and in each dialog.

mod reveal;

use secrecy::SecretString;

use crate::client::{Changes, NewKey, Request};
use crate::domain::{Filter, KeyQuery, Sort, Status};
use crate::platform::clipboard::report::What;
use crate::tui::keymap::Action;
use crate::tui::state::{
    CallState, ClockReading, CreateDialog, DeleteDialog, Dialog, EditDialog, Effect, Focus, KeyForm, PendingAction,
    Question, State, StepOutcome, TokenDialog,
};

impl State {
    pub(crate) fn act_in_list(&mut self, action: Action) -> Option<Effect> {
        if action.changes_keys()
            && let Some(why) = self.read_only()
        {
            self.say(why);
            return None;
        }
        match action {
            Action::Create => return Some(self.open_create()),
            Action::Delete | Action::Edit | Action::Switch => self.open_for_selected(action),
            Action::CopyId => {
                let id = self.list.selected_key()?.id.raw_for_api();
                return Some(Effect::Copy(What::Id, SecretString::from(id)));
            }
            Action::Overwrite => return Some(Effect::Overwrite),
            Action::Tokens => {
                self.accepted.clear();
                let id = self.list.selected_key().map(|key| key.id.clone());
                self.dialog = Some(Dialog::Token(Box::new(TokenDialog::new(id.as_ref(), self.key_server()))));
            }
            Action::Profiles => self.open_profiles(),
            Action::SignOut => return self.sign_out(),
            Action::Help => self.dialog = Some(Dialog::Help(0)),
            Action::Filter => self.open_filter(),
            Action::Refresh => return Some(self.list.refresh().into()),
            Action::Details => {
                self.details = !self.details;
                return self.fit_list();
            }
            Action::Cancel if self.details => {
                self.details = false;
                return self.fit_list();
            }
            Action::SortBy(_) | Action::SortNext | Action::SortFlip | Action::FilterStatus | Action::Cancel => {
                let query = changed_query(&self.list.query, action);
                return self.list.change(query).map(Effect::from);
            }
            _ => return self.list.go(action).map(Effect::from),
        }
        None
    }

    /// While the key is named, it is looked who will see its secret.
    fn open_create(&mut self) -> Effect {
        self.dialog = Some(Dialog::Create(CreateDialog::new()));
        self.accepted.clear();
        Effect::Look
    }

    fn open_for_selected(&mut self, action: Action) {
        let Some(key) = self.list.selected_key().cloned() else {
            return self.say("No key is selected: c creates one.");
        };
        self.dialog = Some(match action {
            Action::Delete => Dialog::Delete(DeleteDialog::new(key, self.production())),
            Action::Edit => {
                let form = KeyForm::filled(&key.label, key.expires_at);
                Dialog::Edit(EditDialog { key, form, call: CallState::None })
            }
            _ => match key.status {
                Status::Active => Dialog::Switch(Question::new(key), Status::Inactive),
                Status::Inactive => Dialog::Switch(Question::new(key), Status::Active),
                Status::Expired => {
                    return self.say("It has expired: e sets a new end.");
                }
            },
        });
    }

    pub(crate) fn act_in_dialog(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        match self.dialog.as_mut()? {
            Dialog::Create(dialog) if dialog.call.is_sent() => None,
            Dialog::Edit(EditDialog { call: CallState::Sent, .. })
            | Dialog::Delete(DeleteDialog { call: CallState::Sent, .. })
            | Dialog::Switch(Question { call: CallState::Sent, .. }, _) => {
                // Nothing is lost by going on: the answer will be told wherever it comes.
                if action == Action::Cancel {
                    self.dialog = None;
                }
                None
            }
            Dialog::Create(_) => self.act_in_create(action, now),
            Dialog::Edit(_) => self.act_in_edit(action, now),
            Dialog::Delete(_) => self.act_in_delete(action),
            Dialog::Switch(..) | Dialog::Lost(_) => self.act_in_question(action),
            Dialog::LeftOver(_) => self.act_in_left_over(action),
            Dialog::Reveal(_) => self.act_in_reveal(action),
            Dialog::Token(token) => match token.act(action) {
                StepOutcome::Stay(effect) => effect,
                StepOutcome::Show => Some(self.hold(PendingAction::Show)),
                StepOutcome::Back => {
                    self.dialog = None;
                    None
                }
            },
            Dialog::Profiles(_) => self.act_in_profiles(action),
            Dialog::Help(_) => {
                self.act_in_help(action);
                None
            }
        }
    }

    fn act_in_create(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Create(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Cancel => self.dialog = None,
            Action::Submit if dialog.form.focus == Focus::Cancel => self.dialog = None,
            Action::Submit => match dialog.form.read(now.utc) {
                Err(words) => dialog.call = CallState::Failed(words),
                Ok((label, expires_at)) => {
                    dialog.call = CallState::Sent;
                    let idempotency_key = dialog.idempotency_key.clone();
                    return Some(self.send(NewKey { idempotency_key, label, expires_at }));
                }
            },
            _ => dialog.form.go(action),
        }
        None
    }

    fn act_in_edit(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Edit(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Cancel => self.dialog = None,
            Action::Submit if dialog.form.focus == Focus::Cancel => self.dialog = None,
            Action::Submit => {
                let as_it_was = KeyForm::filled(&dialog.key.label, dialog.key.expires_at);
                let (form, mut changes) = (&dialog.form, Changes::default());
                // What was not touched is not sent: it need not even be valid, on another's server.
                let end = (form.expiry, form.date.text()) != (as_it_was.expiry, as_it_was.date.text());
                match form.read(now.utc) {
                    Err(words) if end || form.label.text() != as_it_was.label.text() => {
                        dialog.call = CallState::Failed(words);
                        return None;
                    }
                    Ok((label, expires_at)) => {
                        changes.label = (label.as_str() != dialog.key.label.raw_for_api()).then_some(label);
                        changes.expires_at = end.then_some(expires_at);
                    }
                    Err(_) => {}
                }
                if changes == Changes::default() {
                    self.dialog = None;
                    return None;
                }
                dialog.call = CallState::Sent;
                return Some(Request::Edit(dialog.key.id.clone(), changes).into());
            }
            _ => dialog.form.go(action),
        }
        None
    }

    fn act_in_delete(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Delete(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Submit if dialog.is_confirmed() => {
                dialog.call = CallState::Sent;
                return Some(Request::Delete(dialog.key.id.clone()).into());
            }
            Action::Submit if !dialog.typed.text().is_empty() => {
                let words = if dialog.production.is_some() {
                    format!("This is not the end of its ID and the profile's name: {}", dialog.key.id.to_display(40))
                } else {
                    format!("This is not the end of its ID: {}", dialog.key.id.to_display(40))
                };
                dialog.call = CallState::Failed(words);
            }
            Action::Submit | Action::Cancel => self.dialog = None,
            _ => {}
        }
        None
    }

    fn act_in_question(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Switch(question, _) | Dialog::Lost(question)) = &mut self.dialog else { return None };
        match action {
            Action::Next | Action::Previous => question.yes = !question.yes,
            Action::Submit if question.yes => return self.answer_yes(),
            Action::Submit | Action::Cancel => self.dialog = None,
            _ => {}
        }
        None
    }

    fn answer_yes(&mut self) -> Option<Effect> {
        match &mut self.dialog {
            Some(Dialog::Switch(question, to)) => {
                question.call = CallState::Sent;
                let changes = Changes { status: Some(*to), ..Changes::default() };
                Some(Request::Edit(question.key.id.clone(), changes).into())
            }
            Some(Dialog::Lost(question)) => {
                let key = question.key.clone();
                self.dialog = Some(Dialog::Delete(DeleteDialog::new(key, self.production())));
                None
            }
            _ => None,
        }
    }
}

fn changed_query(old: &KeyQuery, action: Action) -> KeyQuery {
    let mut query = old.clone();
    match action {
        Action::SortBy(sort) if sort == old.sort => query.order = old.order.flipped(),
        Action::SortBy(sort) => (query.sort, query.order) = (sort, sort.natural_order()),
        Action::SortNext => {
            let at = Sort::ALL.iter().position(|sort| *sort == old.sort).unwrap_or(0);
            query.sort = Sort::ALL[(at + 1) % Sort::ALL.len()];
            query.order = query.sort.natural_order();
        }
        Action::SortFlip => query.order = old.order.flipped(),
        Action::FilterStatus => {
            query.filter.status = match old.filter.status {
                None => Some(Status::Active),
                Some(Status::Active) => Some(Status::Expired),
                Some(Status::Expired) => Some(Status::Inactive),
                Some(Status::Inactive) => None,
            };
        }
        Action::Cancel => query.filter = Filter::default(),
        _ => {}
    }
    query
}
