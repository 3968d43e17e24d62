//! What can stand on top of the page: one variant each, with its data inside.

use chrono::{DateTime, Utc};

use super::{
    AdminStep, AdminsScreen, BulkDialog, ColumnsDialog, ExportDialog, Focus, HandOverQuestion, HistoryScreen,
    IdentifyDialog, KeyForm, OverviewScreen, PasswordDialog, PendingCreateDialog, ProfilesDialog, Reveal, RevokeDialog,
    RotateDialog, RotationDialog, SessionsScreen, TokenDialog, ViewsDialog,
};
use crate::client::{ApiError, CreateAttempt, NewKey, PendingCreate};
use crate::domain::key::fields::KeyField;
use crate::domain::{AccessKey, Status};
use crate::operations::keys::activate::{Switch, SwitchChoice};
use crate::operations::keys::activity::usage::Impact;
use crate::operations::keys::delete::Confirmation;
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

#[derive(Debug)]
pub enum Dialog {
    /// Label and expiry of a key to be created.
    Create(CreateDialog),
    /// A new secret.
    Reveal(Box<Reveal>),
    /// A key whose secret was sent by an earlier try and cannot be sent again.
    Lost(Question),
    /// A secret that is handed over: taken back, or its alarm acknowledged.
    HandOver(Box<HandOverQuestion>),
    /// A key creation that an earlier run left unfinished.
    LeftOver(PendingCreateDialog),
    /// Label and expiry of a key at hand.
    Edit(EditDialog),
    Delete(DeleteDialog),
    Switch(Question, Switch),
    /// What a new key is that replaces another, where its secret goes, and how long the old one works.
    Rotate(Box<RotateDialog>),
    /// Two keys of which one replaces the other.
    Rotation(Box<RotationDialog>),
    /// Exporting the list, or the report on an act on many keys.
    Export(Box<ExportDialog>),
    /// A change of all marked keys.
    Bulk(Box<BulkDialog>),
    /// Whose a secret is.
    Identify(Box<IdentifyDialog>),
    /// Steps two and three for a key made earlier or elsewhere.
    Token(Box<TokenDialog>),
    Profiles(ProfilesDialog),
    /// Searches with a name.
    Views(Box<ViewsDialog>),
    /// The columns of the list.
    Columns(Box<ColumnsDialog>),
    /// How many keys there are of each kind: in place of the page's list.
    Overview(Box<OverviewScreen>),
    /// Old and new password of who is signed in.
    Password(Box<PasswordDialog>),
    /// Who the administrators are: in place of the page's list.
    Admins(Box<AdminsScreen>),
    /// Who is signed in: in place of the page's list.
    Sessions(Box<SessionsScreen>),
    /// What happened, to a key or altogether: in place of the page's list.
    History(Box<HistoryScreen>),
    /// The emergency brake.
    Revoke(Box<RevokeDialog>),
}

impl Dialog {
    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Create(_)
            | Self::Edit(_)
            | Self::Rotate(_)
            | Self::Export(_)
            | Self::Password(_)
            | Self::Revoke(_) => Mode::Form,
            Self::Rotation(dialog) if dialog.asking.is_some() => Mode::Question,
            Self::Rotation(_) => Mode::Rotation,
            Self::Identify(dialog) if dialog.takes_text() => Mode::Form,
            Self::Admins(screen) => screen.mode(),
            Self::Sessions(screen) => screen.mode(),
            Self::History(screen) => screen.mode(),
            Self::Bulk(dialog) => dialog.mode(),
            Self::Delete(_) => Mode::Confirm,
            Self::Reveal(reveal) => reveal.mode(),
            Self::Token(token) => token.mode(),
            Self::Profiles(_) => Mode::Profiles,
            Self::Views(dialog) if dialog.naming.is_some() => Mode::Form,
            Self::Views(_) => Mode::Views,
            Self::Columns(_) => Mode::Columns,
            Self::Overview(_) => Mode::Overview,
            Self::Lost(_) | Self::HandOver(_) | Self::LeftOver(_) | Self::Switch(..) | Self::Identify(_) => {
                Mode::Question
            }
        }
    }

    /// Whether it takes the place of the page's list.
    pub const fn is_screen(&self) -> bool {
        matches!(self, Self::Admins(_) | Self::Sessions(_) | Self::History(_) | Self::Overview(_))
    }

    /// The key that it changes.
    pub const fn key(&self) -> Option<&AccessKey> {
        match self {
            Self::Edit(dialog) => Some(&dialog.key),
            Self::Delete(dialog) => Some(&dialog.key),
            Self::Switch(question, _) => Some(&question.key),
            Self::Rotate(dialog) => Some(&dialog.key),
            _ => None,
        }
    }

    /// The call that it makes; none if it makes none, or makes it in a step.
    pub(crate) fn call(&mut self) -> Option<&mut CallState> {
        match self {
            Self::Create(dialog) => Some(&mut dialog.call),
            Self::Edit(dialog) => Some(&mut dialog.call),
            Self::Delete(dialog) => Some(&mut dialog.call),
            Self::Switch(question, _) | Self::Lost(question) => Some(&mut question.call),
            Self::LeftOver(dialog) => Some(&mut dialog.call),
            Self::HandOver(question) => Some(&mut question.call),
            Self::Rotate(dialog) => Some(&mut dialog.call),
            Self::Rotation(dialog) => Some(&mut dialog.call),
            Self::Bulk(dialog) => dialog.call(),
            Self::Password(dialog) => Some(&mut dialog.call),
            Self::Identify(dialog) => Some(&mut dialog.call),
            Self::Revoke(dialog) => Some(&mut dialog.call),
            Self::Admins(screen) => screen.step.as_mut().map(AdminStep::call),
            Self::Sessions(screen) => screen.question.as_mut().map(|question| &mut question.call),
            Self::Reveal(_)
            | Self::Export(_)
            | Self::Token(_)
            | Self::Profiles(_)
            | Self::Views(_)
            | Self::Columns(_)
            | Self::History(_)
            | Self::Overview(_) => None,
        }
    }
}

/// A call that a dialog has made, or what came of it.
#[derive(Debug, Default)]
pub enum CallState {
    #[default]
    None,
    /// Made; its answer is awaited.
    Sent,
    /// It failed: in words.
    Failed(String),
    /// It was not made, since what is typed is not valid: in words. The next press takes them away.
    Invalid(String),
}

impl CallState {
    pub const fn is_sent(&self) -> bool {
        matches!(self, Self::Sent)
    }

    /// Takes away what went wrong: the user has read it and goes on.
    pub(crate) fn forget_failed(&mut self) {
        if matches!(self, Self::Failed(_)) {
            *self = Self::None;
        }
    }

    pub(crate) fn forget_invalid(&mut self) {
        if matches!(self, Self::Invalid(_)) {
            *self = Self::None;
        }
    }
}

/// The attempt of a form that makes a key: the same for every Enter, so that one key is made.
#[derive(Debug)]
pub struct FormAttempt {
    pub attempt: CreateAttempt,
    /// What it was sent with, if it was: whatever is typed since, those are the keys of which one may have been made.
    sent: Option<PendingCreate>,
}

impl FormAttempt {
    /// Draws one.
    pub(crate) fn random() -> Self {
        Self { attempt: CreateAttempt::random(), sent: None }
    }

    /// The time from which the form counts: that of the first try, so that another try asks for the same.
    pub(crate) fn time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.sent.as_ref().map_or(now, |sent| sent.at)
    }

    pub(crate) fn on_sent(&mut self, new: &NewKey, now: DateTime<Utc>) {
        let first = || PendingCreate::of(new.clone(), Vec::new(), now, now);
        self.sent.get_or_insert_with(first).send(new);
    }

    /// With what it was sent.
    pub(crate) fn asked(self) -> Option<PendingCreate> {
        self.sent
    }

    /// What to do now, in sentences. If the key was deleted that it made, the next Enter is about another one.
    pub(crate) fn not_made(&mut self, error: &ApiError) -> String {
        if matches!(error, ApiError::CreatedGone) {
            *self = Self::random();
            return format!("{error} Press Enter to create another key.");
        }
        format!("{error} Nothing was lost. Press Enter to retry.")
    }

    /// The server knows this attempt with other values. Those are of an earlier try, which has made a key: it is sent
    /// again, to get the secret. If none is left, the next Enter is about another key.
    pub(crate) fn on_other_values(&mut self) -> Option<NewKey> {
        let before = self.sent.as_mut().and_then(PendingCreate::on_other_values);
        if before.is_none() {
            *self = Self::random();
        }
        before
    }
}

#[derive(Debug)]
pub struct CreateDialog {
    pub form: KeyForm,
    pub attempt: FormAttempt,
    pub call: CallState,
    /// The key that its values come from: one that can't be rotated.
    pub like: Option<Box<AccessKey>>,
    /// Whether it was asked for a label: from then on there may be none.
    was_asked: bool,
}

impl CreateDialog {
    /// A dialog whose attempt is drawn.
    pub fn new(form: KeyForm) -> Self {
        Self { form, attempt: FormAttempt::random(), call: CallState::None, like: None, was_asked: false }
    }

    /// The same for a key like one that can't be rotated.
    pub(crate) fn like(form: KeyForm, key: AccessKey) -> Self {
        Self { like: Some(Box::new(key)), ..Self::new(form) }
    }

    /// Asks for a label if none is typed, once.
    pub(crate) fn ask_for_label(&mut self) -> bool {
        let has_none = |(field, typed): &(&KeyField, Field)| field.name == "label" && typed.text().trim().is_empty();
        let Some(at) = self.form.texts.iter().position(has_none) else { return false };
        if std::mem::replace(&mut self.was_asked, true) {
            return false;
        }
        self.form.focus = Focus::Text(at);
        self.call = CallState::Invalid("Enter a label to identify the key, or press Enter again for none.".to_owned());
        true
    }
}

#[derive(Debug)]
pub struct EditDialog {
    /// The key as it was when the dialog opened.
    pub key: AccessKey,
    pub form: KeyForm,
    pub call: CallState,
}

/// The confirmation that deletes a key. It holds the key it was opened for, whatever the list does.
#[derive(Debug)]
pub struct DeleteDialog {
    pub key: AccessKey,
    /// What confirms.
    pub confirmation: Confirmation,
    pub typed: Field,
    pub focus: DeleteFocus,
    /// What would stop with the key, once the server has said it.
    pub impact: Option<Impact>,
    pub call: CallState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteFocus {
    Typed,
    Cancel,
    /// Deactivate in place of delete.
    Instead,
    Submit,
}

impl DeleteDialog {
    /// A confirmation that nothing is typed into yet.
    pub fn new(key: AccessKey, production: Option<String>) -> Self {
        let confirmation = Confirmation::new(&key.id, production);
        let length = confirmation.phrase().chars().count();
        let (typed, focus) = (Field::new("", length), DeleteFocus::Typed);
        Self { key, confirmation, typed, focus, impact: None, call: CallState::None }
    }

    /// The buttons, from the left. A key that works can be deactivated first.
    pub fn buttons(&self) -> &'static [DeleteFocus] {
        self.stops().split_at(1).1
    }

    fn stops(&self) -> &'static [DeleteFocus] {
        use DeleteFocus::{Cancel, Instead, Submit, Typed};
        if self.key.status == Status::Active { &[Typed, Cancel, Instead, Submit] } else { &[Typed, Cancel, Submit] }
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmation.is_given_by(self.typed.text())
    }
}

impl TextInput for DeleteDialog {
    fn field(&mut self) -> Option<&mut Field> {
        (self.focus == DeleteFocus::Typed).then_some(&mut self.typed)
    }

    fn go(&mut self, action: Action) {
        self.focus = moved(self.stops(), self.focus, action);
    }
}

/// A question with two buttons, of which the safe one is preselected.
#[derive(Debug)]
pub struct Question {
    pub key: AccessKey,
    /// Whether the button that does it is focused.
    pub yes: bool,
    /// Which of the [`choices`](Self::choices) is chosen.
    pub choice: usize,
    /// What would stop with the key, once the server has said it.
    pub impact: Option<Impact>,
    pub call: CallState,
}

impl Question {
    /// A question with *Cancel* focused.
    pub const fn new(key: AccessKey) -> Self {
        Self { key, yes: false, choice: 0, impact: None, call: CallState::None }
    }

    /// For how long the key can be deactivated. None where there is no choice, and of a key that another administrator
    /// has switched meanwhile.
    pub fn choices(&self, switch: Switch) -> &'static [SwitchChoice] {
        let all = SwitchChoice::of(&self.key);
        let activates = |choice: &SwitchChoice| *choice == SwitchChoice::Activate;
        match all.get(self.choice) {
            Some(chosen) if activates(chosen) == (switch == Switch::Activate) => all,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Texts;

    #[test]
    fn another_try_asks_for_the_same_and_what_may_have_been_made_is_asked_for_first() {
        let at = |seconds: i64| DateTime::from_timestamp(1_900_000_000 + seconds, 0).unwrap();
        let mut form = FormAttempt::random();
        let drawn = form.attempt.clone();
        let new = |end| NewKey { attempt: drawn.clone(), texts: Texts::default(), expires_at: end, replaces: None };
        assert_eq!(form.time(at(5)), at(5));
        form.on_sent(&new(Some(at(100))), at(5));
        assert_eq!(form.time(at(9)), at(5), "days from now end at the same time in another try");
        form.on_sent(&new(None), at(9)); // after the values were changed
        let first = form.on_other_values().unwrap();
        assert_eq!((first.attempt, first.expires_at), (drawn.clone(), Some(at(100))));
        assert_eq!(form.attempt, drawn, "its secret is asked for under the same name");
        form.on_sent(&new(Some(at(200))), at(12)); // that try was cut off too, and the values were changed again
        let asked = form.sent.as_ref().unwrap();
        assert_eq!((asked.at, asked.new.expires_at, asked.earlier.len()), (at(5), Some(at(200)), 1));
        assert_eq!(form.on_other_values().unwrap().expires_at, Some(at(100)), "an answer has not settled it");
        assert!(form.on_other_values().is_none());
        assert_ne!(form.attempt, drawn, "now it is about another key");
    }
}
