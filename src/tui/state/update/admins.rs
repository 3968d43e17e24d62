//! Administrators, their sessions, and the emergency brake.

use crate::client::{AdminChange, AdminChangeKind, AdminList, ApiError, Changed, Request, RevokeRequest, SessionEntry};
use crate::domain::{Role, Untrusted};
use crate::operations::account::sessions::{EndSessions, ended};
use crate::operations::account::{administrators, revoke};
use crate::operations::actions::ActionId;
use crate::operations::permissions::{may_change_administrators, why_no_sessions};
use crate::tui::keymap::Action;
use crate::tui::state::account::admins::AdminStepOutcome;
use crate::tui::state::account::sessions::RevokeOutcome;
use crate::tui::state::{
    AdminForm, AdminRemoval, AdminStep, CallState, Dialog, Effect, EndQuestion, Panes, PasswordDialog, RevokeDialog,
    SessionsScreen, State,
};

impl State {
    /// Opens the screen of administrators, that of sessions, or the emergency brake; or says why not.
    pub(crate) fn open_administration(&mut self, id: ActionId) -> Option<Effect> {
        if let Some(why) = why_no_sessions(self.server.as_ref()?) {
            self.say(why);
            return None;
        }
        let (dialog, request) = match id {
            ActionId::Admins => (Dialog::Admins(Box::default()), Request::Admins),
            ActionId::Sessions => (Dialog::Sessions(Box::default()), Request::Sessions),
            _ => (Dialog::Revoke(Box::new(RevokeDialog::new(self.production()))), Request::Sessions),
        };
        self.dialog = Some(dialog);
        Some(request.into())
    }

    pub(crate) fn act_in_admins(&mut self, action: Action) -> Option<Effect> {
        let height = self.screen_height();
        let Some(Dialog::Admins(screen)) = &mut self.dialog else { return None };
        if let Some(step) = &mut screen.step {
            match step.act(action) {
                AdminStepOutcome::Stay => {}
                AdminStepOutcome::Close => screen.step = None,
                AdminStepOutcome::Send(change) => return Some(Request::ChangeAdmin(change).into()),
            }
            return None;
        }
        match action {
            Action::Cancel => self.dialog = None,
            Action::Do(ActionId::List) => return Some(Request::Admins.into()),
            Action::AddAdmin | Action::ChangeRole | Action::SetPassword | Action::RemoveAdmin => {
                self.begin_step(action);
            }
            Action::ShowSessions => {
                let of = screen.rows.selected().map(|one| one.username.clone())?;
                let Some(Dialog::Admins(back)) = self.dialog.take() else { return None };
                let screen = SessionsScreen { of: Some(of), back: Some(back), ..SessionsScreen::default() };
                self.dialog = Some(Dialog::Sessions(Box::new(screen)));
                return Some(Request::Sessions.into());
            }
            _ => screen.rows.go(action, height),
        }
        None
    }

    /// Opens what a change asks for.
    fn begin_step(&mut self, action: Action) {
        if let Some(Err(why)) = self.server.as_ref().map(may_change_administrators) {
            return self.say(why.to_string());
        }
        let (server, production) = (self.server.as_ref(), self.production());
        let Some(Dialog::Admins(screen)) = &mut self.dialog else { return };
        if action == Action::AddAdmin {
            screen.step = Some(AdminStep::Form(AdminForm::add()));
            return;
        }
        let Some(one) = screen.rows.selected() else { return };
        let username = one.username.raw_for_api();
        let is_own = server.is_some_and(|server| server.is_signed_in_as(username));
        screen.step = Some(match action {
            Action::ChangeRole => AdminStep::Form(AdminForm::role(one, is_own)),
            // The server refuses one's own without the old one.
            Action::SetPassword if is_own => {
                let dialog = PasswordDialog::new(username);
                let back = Some(std::mem::take(screen));
                self.dialog = Some(Dialog::Password(Box::new(PasswordDialog { back, ..dialog })));
                return;
            }
            Action::SetPassword => AdminStep::Form(AdminForm::password(one)),
            _ => AdminStep::Remove(AdminRemoval::new(username, is_own, production)),
        });
    }

    pub(crate) fn act_in_sessions(&mut self, action: Action) -> Option<Effect> {
        let height = self.screen_height();
        let Some(Dialog::Sessions(screen)) = &mut self.dialog else { return None };
        if screen.question.is_some() {
            return self.act_in_end_question(action);
        }
        match action {
            Action::Cancel => {
                let back = screen.back.take();
                self.dialog = back.map(Dialog::Admins);
                return self.dialog.is_some().then(|| Request::Admins.into()); // fewer sessions, perhaps
            }
            Action::Do(ActionId::List) => return Some(Request::Sessions.into()),
            Action::EndSession | Action::EndAllSessions => {
                let server = self.server.as_ref()?;
                let (one, all) = (screen.rows.selected()?, screen.rows.entries.as_deref().unwrap_or_default());
                let ends = match (may_change_administrators(server), action) {
                    (Err(why), _) => Err(why.to_string()),
                    (Ok(()), Action::EndSession) => Ok(EndSessions::one(one)),
                    (Ok(()), _) => EndSessions::all_of(&one.username, all, server)
                        .ok_or_else(|| "This is your only session. Press d to end it and sign out.".to_owned()),
                };
                match ends {
                    Ok(ends) => screen.question = Some(EndQuestion::new(ends)),
                    Err(why) => self.say(why),
                }
            }
            _ => screen.rows.go(action, height),
        }
        None
    }

    fn act_in_end_question(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Sessions(screen)) = &mut self.dialog else { return None };
        let question = screen.question.as_mut()?;
        match action {
            Action::Cancel => screen.question = None,
            _ if question.call.is_sent() => {}
            Action::Next | Action::Previous => question.yes = !question.yes,
            Action::Submit if question.yes && question.ends.is_own => {
                self.dialog = None;
                return self.sign_out();
            }
            Action::Submit if question.yes => {
                question.call = CallState::Sent;
                return Some(Request::EndSessions(question.ends.ids.clone()).into());
            }
            Action::Submit => screen.question = None,
            _ => {}
        }
        None
    }

    pub(crate) fn act_in_revoke(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Revoke(dialog)) = &mut self.dialog else { return None };
        match dialog.act(action) {
            RevokeOutcome::Stay => None,
            RevokeOutcome::Send(what) => Some(Request::Revoke(what).into()),
            RevokeOutcome::Close => {
                self.dialog = None;
                None
            }
        }
    }

    pub(crate) fn on_admins(&mut self, read: Result<AdminList, ApiError>) {
        match &mut self.dialog {
            Some(Dialog::Admins(screen)) => screen.on_read(read),
            Some(Dialog::Sessions(screen)) => {
                if let Some(back) = &mut screen.back {
                    back.on_read(read);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn on_sessions(&mut self, read: Result<Vec<SessionEntry>, ApiError>) {
        match &mut self.dialog {
            Some(Dialog::Sessions(screen)) => screen.on_read(read),
            // Unknown is said too.
            Some(Dialog::Revoke(dialog)) => dialog.sessions = read.ok(),
            _ => {}
        }
    }

    pub(crate) fn on_admin_changed(&mut self, change: &AdminChange, result: Result<(), ApiError>) -> Option<Effect> {
        let open = match &mut self.dialog {
            Some(Dialog::Admins(screen)) => {
                screen.step.take_if(|step| step.call().is_sent() && step.is_about(&change.username))
            }
            _ => None,
        };
        if let Err(error) = result {
            let words = administrators::not_changed(change, error).sentences();
            match (open, &mut self.dialog) {
                (Some(mut step), Some(Dialog::Admins(screen))) => {
                    *step.call() = CallState::Failed(words);
                    screen.step = Some(step);
                }
                _ => self.complain(words),
            }
            return None;
        }
        self.say(administrators::changed(change));
        if self.server.as_ref().is_some_and(|server| server.is_signed_in_as(&change.username)) {
            return self.on_own_change(&change.kind);
        }
        self.refresh_admins()
    }

    /// What was changed is about who is signed in.
    fn on_own_change(&mut self, kind: &AdminChangeKind) -> Option<Effect> {
        let server = self.server.as_mut()?;
        match kind {
            AdminChangeKind::Remove { .. } => {
                let effect = self.session_is_over();
                if let Some(server) = &mut self.server {
                    server.profile.username = None; // it can't be used to sign in any more
                }
                Some(effect)
            }
            AdminChangeKind::Role { role, .. } => {
                if let Some(who) = &mut server.who {
                    who.role = Untrusted::new(role.as_str());
                }
                if *role != Role::Superuser {
                    self.dialog.take_if(|dialog| matches!(dialog, Dialog::Admins(_)));
                }
                self.refresh_admins()
            }
            AdminChangeKind::Add(..) | AdminChangeKind::Password(_) => self.refresh_admins(),
        }
    }

    fn refresh_admins(&self) -> Option<Effect> {
        matches!(self.dialog, Some(Dialog::Admins(_))).then(|| Request::Admins.into())
    }

    pub(crate) fn on_sessions_ended(&mut self, result: Result<usize, ApiError>) -> Option<Effect> {
        let screen = match &mut self.dialog {
            Some(Dialog::Sessions(screen)) => Some(screen),
            _ => None,
        };
        let is_open = screen.is_some();
        let question = screen.and_then(|screen| screen.question.take_if(|question| question.call.is_sent()));
        match (result, question, &mut self.dialog) {
            (Ok(count), ..) => self.say(ended(count)),
            (Err(error), Some(question), Some(Dialog::Sessions(screen))) => {
                let call = CallState::Failed(error.to_string());
                screen.question = Some(EndQuestion { call, ..question });
            }
            (Err(error), ..) => self.complain(error.to_string()),
        }
        is_open.then(|| Request::Sessions.into())
    }

    pub(crate) fn on_revoked(&mut self, what: RevokeRequest, result: Result<Changed<u64>, ApiError>) -> Option<Effect> {
        match (result, &mut self.dialog) {
            (Ok(revoked), dialog) => {
                dialog.take_if(|dialog| matches!(dialog, Dialog::Revoke(dialog) if dialog.call.is_sent()));
                let has_ended = what.sessions && self.server.as_ref().is_some_and(|server| server.who.is_some());
                let effect = has_ended.then(|| self.session_is_over());
                self.say(revoke::done(what, revoked));
                effect
            }
            (Err(error), Some(Dialog::Revoke(dialog))) if dialog.call.is_sent() => {
                dialog.call = CallState::Failed(error.to_string());
                None
            }
            (Err(error), _) => {
                self.complain(error.to_string());
                None
            }
        }
    }

    /// One's own session was ended on purpose: the list asks for a sign-in.
    fn session_is_over(&mut self) -> Effect {
        if !matches!(self.dialog, Some(Dialog::Reveal(_))) {
            self.dialog = None;
        }
        if let Some(server) = &mut self.server {
            server.who = None;
        }
        self.begin_list()
    }

    /// Rows of a screen that is a list.
    fn screen_height(&self) -> usize {
        usize::from(Panes::new(self.size.0, self.size.1, None).list)
    }
}
