//! Which server, and who is signed in there.

use crate::client::{ApiError, Request, Server};
use crate::domain::Identity;
use crate::operations::account::administrators::own_password_refused;
use crate::operations::actions::ActionId;
use crate::operations::messages;
use crate::operations::permissions::{why_no_password, why_no_sign_out};
use crate::tui::keymap::Action;
use crate::tui::state::account::password::PasswordOutcome;
use crate::tui::state::account::sign_in::SignInOutcome;
use crate::tui::state::{
    Dialog, Effect, ExpiringKeys, HandOvers, List, PasswordDialog, ProfilesDialog, SignInDialog, State, UsagePane,
};

impl State {
    /// The name of the profile, if real keys are at stake there.
    pub(crate) fn production(&self) -> Option<String> {
        self.server.as_ref()?.production()
    }

    pub(crate) fn open_profiles(&mut self) {
        let current = self.server.as_ref().map(|server| server.profile.name.clone());
        self.dialog = Some(Dialog::Profiles(ProfilesDialog::new(self.profiles.clone(), current)));
    }

    pub(crate) fn act_in_profiles(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Profiles(dialog)) = &mut self.dialog else { return None };
        let chosen = match action {
            Action::Choose(number) if dialog.is_searched() => {
                dialog.type_digit(number);
                return None;
            }
            Action::Choose(number) => dialog.numbered(number)?,
            Action::Submit => dialog.marked()?,
            Action::Cancel if dialog.is_searched() => {
                dialog.clear();
                return None;
            }
            Action::Cancel => {
                self.dialog = None;
                return None;
            }
            _ => {
                dialog.go(action);
                return None;
            }
        };
        let name = Some(chosen.name.clone()).filter(|name| dialog.current.as_ref() != Some(name)); // it is open already
        self.dialog = None;
        if self.creating {
            self.complain("Wait for the new key's secret before switching profiles.");
            return None;
        }
        let name = name?;
        self.connecting = Some(name.clone());
        self.filter = None;
        Some(Request::Connect(name).into())
    }

    /// A server can be asked. What was on screen was another's.
    pub(crate) fn on_connected(&mut self, result: Result<Server, ApiError>) -> Option<Effect> {
        let changed = self.connecting.take().is_some();
        match result {
            Ok(server) => {
                self.note_left();
                self.server = Some(server);
                changed.then(|| {
                    let first = self.begin_list();
                    self.take_left();
                    first
                })
            }
            Err(error) if changed => {
                self.complain(error.to_string());
                Some(self.list.refresh().into())
            }
            Err(error) => Some(Effect::Quit(Some(error.to_string()))),
        }
    }

    pub(crate) fn begin_list(&mut self) -> Effect {
        (self.sign_in, self.details) = (None, None);
        (self.list, self.usage, self.hand_overs) = (List::default(), UsagePane::default(), HandOvers::default());
        (self.undo, self.report, self.is_due_asked) = (None, None, false);
        self.expiring = ExpiringKeys::default();
        self.set_list_room();
        self.list.open(None).into()
    }

    pub(crate) fn on_sign_in_needed(&mut self) {
        self.hide_secret();
        self.help = None;
        let Some(server) = &mut self.server else { return };
        let before = server.who.take().map(|who| who.username.raw_for_api().to_owned());
        let why = if before.is_some() {
            messages::SESSION_EXPIRED
        } else if server.profile.read_only {
            "Sign in to view the keys on this server."
        } else {
            "Sign in to manage the keys on this server."
        };
        let name = before.or_else(|| server.profile.username.clone()).unwrap_or_default();
        self.sign_in = Some(SignInDialog::new(why, &name));
    }

    pub(crate) fn act_in_sign_in(&mut self, action: Action) -> Option<Effect> {
        match self.sign_in.as_mut()?.act(action) {
            SignInOutcome::Stay => None,
            SignInOutcome::Send(credentials) => Some(Request::SignIn(credentials).into()),
            SignInOutcome::GiveUp => {
                self.sign_in = None;
                Some(Request::GiveUp.into())
            }
        }
    }

    /// What waited for it goes on by itself.
    pub(crate) fn on_signed_in(&mut self, result: Result<Identity, ApiError>) -> Option<Effect> {
        match (result, &mut self.sign_in) {
            // It was given up, and the session is ended.
            (Ok(_), None) => None,
            (Ok(who), Some(_)) => {
                self.sign_in = None;
                self.say(format!("Signed in as {}.", messages::identity(&who.username, &who.role)));
                if let Some(server) = &mut self.server {
                    server.profile.username = Some(who.username.raw_for_api().to_owned()); // for the next time
                    server.who = Some(who);
                }
                None
            }
            (Err(error), Some(dialog)) => {
                dialog.fail(error.to_string());
                None
            }
            (Err(error), None) => {
                self.complain(error.to_string());
                None
            }
        }
    }

    /// Signs out if it is pressed twice, where there is a session to end.
    pub(crate) fn ask_to_sign_out(&mut self) -> Option<Effect> {
        let can_sign_out = self.server.as_ref().is_some_and(|server| why_no_sign_out(server).is_none());
        if can_sign_out && !self.is_pressed_again(Action::Do(ActionId::SignOut)) {
            self.say("Sign out? Press o again.");
            return None;
        }
        self.sign_out()
    }

    pub(crate) fn sign_out(&mut self) -> Option<Effect> {
        match self.server.as_ref().map_or(Some(messages::NO_SIGN_IN), why_no_sign_out) {
            None => Some(Request::SignOut.into()),
            Some(why) => {
                self.say(why);
                None
            }
        }
    }

    pub(crate) fn open_password(&mut self) {
        match self.server.as_ref().map_or(Some(messages::NO_PASSWORD), why_no_password) {
            None => {
                let who = self.server.as_ref().and_then(|server| server.who.as_ref());
                let name = who.map(|who| who.username.raw_for_api().to_owned()).unwrap_or_default();
                self.dialog = Some(Dialog::Password(Box::new(PasswordDialog::new(&name))));
            }
            Some(why) => self.say(why),
        }
    }

    pub(crate) fn act_in_password(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Password(dialog)) = &mut self.dialog else { return None };
        match dialog.act(action) {
            PasswordOutcome::Stay => None,
            PasswordOutcome::Send(update) => Some(Request::ChangePassword(update).into()),
            PasswordOutcome::Close => {
                self.close_password();
                None
            }
        }
    }

    /// Goes back to where it was opened from.
    fn close_password(&mut self) {
        if let Some(Dialog::Password(dialog)) = &mut self.dialog {
            self.dialog = dialog.back.take().map(Dialog::Admins);
        }
    }

    pub(crate) fn on_password_changed(&mut self, result: Result<(), ApiError>) {
        match (result, &mut self.dialog) {
            (Ok(()), _) => {
                self.close_password();
                self.say(messages::PASSWORD_CHANGED);
            }
            (Err(error), Some(Dialog::Password(dialog))) => {
                let is_wrong_old = matches!(error, ApiError::NotAllowed(_));
                dialog.fail(own_password_refused(error).message, is_wrong_old);
            }
            (Err(error), _) => self.complain(own_password_refused(error).message),
        }
    }

    pub(crate) fn on_signed_out(&mut self, result: Result<(), ApiError>) -> Effect {
        if let Some(server) = &mut self.server {
            server.who = None;
        }
        let effect = self.begin_list();
        if let Err(error) = result {
            self.complain(messages::not_told(&error));
        }
        effect
    }
}
