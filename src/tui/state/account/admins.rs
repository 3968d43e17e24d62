//! The screen of administrators: who there is, and what a superuser changes about them.

use crossterm::event::{KeyCode, KeyEvent};
use secrecy::SecretString;

use crate::client::{AdminChange, AdminChangeKind, AdminEntry, AdminList, ApiError, SessionEntry};
use crate::domain::{Role, Untrusted};
use crate::operations::account::administrators::{check_name, check_typed};
use crate::operations::keys::delete::Confirmation;
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::account::sign_in::{MOST_NAME, MOST_PASSWORD};
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{CallState, Rows};

#[derive(Debug, Default)]
pub struct AdminsScreen {
    pub rows: Rows<AdminEntry>,
    /// Everyone's.
    pub sessions: Vec<SessionEntry>,
    /// What is open on top of it.
    pub step: Option<AdminStep>,
}

/// A change that is being made.
#[derive(Debug)]
pub enum AdminStep {
    Form(AdminForm),
    Remove(AdminRemoval),
}

impl AdminsScreen {
    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match &self.step {
            None => Mode::Admins,
            Some(AdminStep::Form(_)) => Mode::Form,
            Some(AdminStep::Remove(_)) => Mode::Confirm,
        }
    }

    pub fn on_read(&mut self, read: Result<AdminList, ApiError>) {
        let rows = read.map(|all| {
            self.sessions = all.sessions;
            all.administrators
        });
        self.rows.on_read(rows, |one, other| one.username == other.username);
    }

    /// How many sessions an administrator has.
    pub fn sessions_of(&self, username: &Untrusted) -> usize {
        self.sessions.iter().filter(|session| session.username == *username).count()
    }
}

impl AdminStep {
    pub(crate) const fn call(&mut self) -> &mut CallState {
        match self {
            Self::Form(form) => &mut form.call,
            Self::Remove(removal) => &mut removal.call,
        }
    }

    pub(crate) fn text_input(&mut self) -> &mut dyn TextInput {
        match self {
            Self::Form(form) => form,
            Self::Remove(removal) => &mut removal.typed,
        }
    }

    /// Whether it is about this administrator.
    pub(crate) fn is_about(&self, username: &str) -> bool {
        match self {
            Self::Form(form) => form.username.text().eq_ignore_ascii_case(username),
            Self::Remove(removal) => removal.username == username,
        }
    }

    pub fn act(&mut self, action: Action) -> AdminStepOutcome {
        if self.call().is_sent() {
            // Nothing is lost by going on: the answer will be told wherever it comes.
            return if action == Action::Cancel { AdminStepOutcome::Close } else { AdminStepOutcome::Stay };
        }
        match self {
            Self::Form(form) => form.act(action),
            Self::Remove(removal) => removal.act(action),
        }
    }
}

/// What a turn of a step comes to.
pub enum AdminStepOutcome {
    Stay,
    Send(AdminChange),
    Close,
}

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminFormKind {
    Add,
    Role,
    Password,
}

/// Name, role and password of an administrator, as far as the form has them.
#[derive(Debug)]
pub struct AdminForm {
    pub kind: AdminFormKind,
    pub username: Field,
    pub role: Role,
    /// Neither is ever echoed.
    pub new: Field,
    pub again: Field,
    pub focus: AdminFocus,
    /// Whether it is about who is signed in.
    pub is_own: bool,
    pub call: CallState,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminFocus {
    Username,
    Role,
    New,
    Again,
    Submit,
    Cancel,
}

use AdminFocus as F;

impl AdminForm {
    pub fn add() -> Self {
        Self::new(AdminFormKind::Add, "", Role::Administrator, false)
    }

    /// Another role for an administrator.
    pub fn role(one: &AdminEntry, is_own: bool) -> Self {
        let role = Role::parse(one.role.raw_for_api()).unwrap_or(Role::Auditor);
        Self::new(AdminFormKind::Role, one.username.raw_for_api(), role, is_own)
    }

    /// A new password for another administrator.
    pub fn password(one: &AdminEntry) -> Self {
        Self::new(AdminFormKind::Password, one.username.raw_for_api(), Role::Auditor, false)
    }

    fn new(kind: AdminFormKind, username: &str, role: Role, is_own: bool) -> Self {
        let [new, again] = [const { MOST_PASSWORD }; 2].map(Field::masked);
        let username = Field::new(username, MOST_NAME.max(username.chars().count()));
        let mut form = Self { kind, username, role, new, again, focus: F::Cancel, is_own, call: CallState::None };
        form.focus = form.stops().first().copied().unwrap_or(F::Cancel);
        form
    }

    /// In their order on screen.
    pub const fn stops(&self) -> &'static [AdminFocus] {
        match self.kind {
            AdminFormKind::Add => &[F::Username, F::Role, F::New, F::Again, F::Submit, F::Cancel],
            AdminFormKind::Role => &[F::Role, F::Submit, F::Cancel],
            AdminFormKind::Password => &[F::New, F::Again, F::Submit, F::Cancel],
        }
    }

    fn act(&mut self, action: Action) -> AdminStepOutcome {
        match action {
            Action::Next | Action::Previous => self.focus = moved(self.stops(), self.focus, action),
            Action::Cancel => return AdminStepOutcome::Close,
            Action::Submit => match (self.focus, self.kind) {
                (F::Cancel, _) => return AdminStepOutcome::Close,
                (F::Username | F::New, _) | (F::Role, AdminFormKind::Add) => {
                    self.focus = moved(self.stops(), self.focus, Action::Next);
                }
                // Who gives up being a superuser says so by the button.
                (F::Role, _) if self.is_own => self.focus = F::Cancel,
                (F::Role | F::Again | F::Submit, _) => return self.submit(),
            },
            _ => {}
        }
        AdminStepOutcome::Stay
    }

    fn submit(&mut self) -> AdminStepOutcome {
        let name = match self.kind {
            AdminFormKind::Add => check_name(self.username.text()),
            _ => Ok(self.username.text().to_owned()),
        };
        let username = match name {
            Ok(name) => name,
            Err(words) => {
                self.focus = F::Username;
                self.call = CallState::Invalid(words);
                return AdminStepOutcome::Stay;
            }
        };
        let kind = match self.kind {
            AdminFormKind::Role => AdminChangeKind::Role { role: self.role, even_last: false },
            AdminFormKind::Add | AdminFormKind::Password => {
                let [new, again] = [&self.new, &self.again].map(|field| SecretString::from(field.text()));
                if let Err(words) = check_typed(&username, &new, &again) {
                    self.focus = F::New;
                    (self.new, self.again) = (Field::masked(MOST_PASSWORD), Field::masked(MOST_PASSWORD));
                    self.call = CallState::Invalid(words);
                    return AdminStepOutcome::Stay;
                }
                if self.kind == AdminFormKind::Add {
                    AdminChangeKind::Add(self.role, new)
                } else {
                    AdminChangeKind::Password(new)
                }
            }
        };
        self.call = CallState::Sent;
        AdminStepOutcome::Send(AdminChange { username, kind })
    }

    fn choose(&mut self, step: usize) {
        let at = Role::ALL.iter().position(|role| *role == self.role).unwrap_or(0);
        self.role = Role::ALL[(at + step) % Role::ALL.len()];
    }
}

impl TextInput for AdminForm {
    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            F::Username => Some(&mut self.username),
            F::New => Some(&mut self.new),
            F::Again => Some(&mut self.again),
            F::Role | F::Submit | F::Cancel => None,
        }
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (F::Role, KeyCode::Left) => self.choose(Role::ALL.len() - 1),
            (F::Role, KeyCode::Right | KeyCode::Char(' ')) => self.choose(1),
            (F::Submit, KeyCode::Right) => self.focus = F::Cancel,
            (F::Cancel, KeyCode::Left) => self.focus = F::Submit,
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}

/// The confirmation that removes an administrator.
#[derive(Debug)]
pub struct AdminRemoval {
    pub username: String,
    /// Whether it is who is signed in.
    pub is_own: bool,
    pub confirmation: Confirmation,
    pub typed: Field,
    pub call: CallState,
}

impl AdminRemoval {
    pub fn new(username: &str, is_own: bool, production: Option<String>) -> Self {
        let confirmation = Confirmation::of_name(username, production);
        let typed = Field::new("", confirmation.phrase().chars().count());
        Self { username: username.to_owned(), is_own, confirmation, typed, call: CallState::None }
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmation.is_given_by(self.typed.text())
    }

    fn act(&mut self, action: Action) -> AdminStepOutcome {
        match action {
            Action::Submit if self.is_confirmed() => {
                self.call = CallState::Sent;
                let kind = AdminChangeKind::Remove { even_last: false };
                return AdminStepOutcome::Send(AdminChange { username: self.username.clone(), kind });
            }
            Action::Submit => self.call = CallState::Invalid(self.confirmation.refusal(self.typed.text())),
            Action::Cancel => return AdminStepOutcome::Close,
            _ => {}
        }
        AdminStepOutcome::Stay
    }
}
