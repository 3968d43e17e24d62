//! Key creations whose outcome is not known: those of this run until they are settled, and those that an earlier run
//! left.

use chrono::{DateTime, Utc};

use crate::client::{IdempotencyKey, NewKey, Owner, PendingCreate, Request};
use crate::domain::KeyId;
use crate::operations::messages::{NOTHING_UNFINISHED, SECRET_MAY_BE_LOST, interrupted_create};
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::{CallState, Dialog, Effect, ExitState, State};

/// Creates that are not settled.
#[derive(Debug, Default)]
pub struct UnresolvedCreates {
    /// The one that was sent last.
    pub attempt: Option<NewKey>,
    /// The key that it made, if the server keeps its secret for us.
    created: Option<KeyId>,
    /// Those whose end is known by now: what was noted of them can go.
    pub settled: Vec<IdempotencyKey>,
    /// Keys whose secret has arrived: the server need keep it no more.
    pub delivered: Vec<KeyId>,
    /// Whether an earlier try of it may have made the key.
    pub(crate) may_be_made: bool,
    /// What an earlier run left unfinished, and the user has not been asked about yet.
    waiting: Vec<PendingCreate>,
    /// What the user has put off.
    pub(crate) later: Vec<PendingCreate>,
    /// Whose they are.
    owner: Option<Owner>,
}

/// The buttons, in their order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingCreateButton {
    /// Asks again at the next start.
    Later,
    /// Asks the server for it again.
    Finish,
    /// Never asks again.
    Forget,
}

impl PendingCreateDialog {
    /// The buttons, in their order on screen. What can still give the secret is not forgotten.
    pub const fn buttons(&self) -> &'static [PendingCreateButton] {
        use PendingCreateButton::{Finish, Forget, Later};
        if self.left.secret_until.is_some() { &[Later, Finish] } else { &[Later, Finish, Forget] }
    }
}

/// Asks what to do with a key creation that an earlier run left unfinished.
#[derive(Debug)]
pub struct PendingCreateDialog {
    pub left: PendingCreate,
    pub focus: PendingCreateButton,
    pub call: CallState,
}

impl State {
    /// Whoever is here now is not asked about what was left at another server, or by another administrator. What is
    /// not `noted` is kept for whose it is, since nothing else knows of it.
    pub(crate) fn drop_left_over(&mut self, noted: impl Fn(&IdempotencyKey) -> bool) -> Vec<IdempotencyKey> {
        let owner = self.owner();
        let unsettled = &mut self.unsettled;
        let is_same = owner.is_some() && owner == unsettled.owner;
        unsettled.owner = owner.or_else(|| unsettled.owner.take());
        let is_dropped = |left: &mut PendingCreate| !is_same || noted(&left.new.attempt.name);
        let waiting = unsettled.waiting.extract_if(.., is_dropped);
        waiting.chain(unsettled.later.extract_if(.., is_dropped)).map(|left| left.new.attempt.name).collect()
    }

    /// Takes what an earlier run left unfinished at this server.
    pub fn on_left_over(&mut self, left: Vec<PendingCreate>) {
        self.unsettled.waiting.extend(left);
        self.ask_about_left_over();
    }

    /// Asks about what was put off.
    pub(crate) fn ask_about_later(&mut self, now: DateTime<Utc>) {
        let later = std::mem::take(&mut self.unsettled.later);
        if later.is_empty() {
            return self.say(NOTHING_UNFINISHED);
        }
        self.on_left_over(later.into_iter().map(|left| left.at(now)).collect());
    }

    /// Closes a form. What it has asked for is put off, if it isn't known what came of that.
    pub(crate) fn close_form(&mut self) {
        let asked = match self.dialog.take() {
            Some(Dialog::Create(dialog)) => dialog.attempt.asked(),
            Some(Dialog::Rotate(dialog)) => dialog.attempt.asked(),
            _ => None,
        };
        if let Some(asked) = asked
            && self.unsettled.attempt.take_if(|sent| sent.attempt.name == asked.new.attempt.name).is_some()
        {
            self.unsettled.later.push(asked);
        }
    }

    /// Asks about the next one, if nothing else is in the way.
    pub(crate) fn ask_about_left_over(&mut self) {
        let busy = self.dialog.is_some() || self.creating || self.exit != ExitState::No || self.read_only().is_some();
        if busy || self.unsettled.waiting.is_empty() {
            return;
        }
        let left = self.unsettled.waiting.remove(0);
        if left.repeatable {
            self.help = None;
            // A secret that can be had for minutes only is not put off by an Enter.
            let focus = left.secret_until.map_or(PendingCreateButton::Later, |_| PendingCreateButton::Finish);
            self.dialog = Some(Dialog::LeftOver(PendingCreateDialog { left, focus, call: CallState::None }));
        } else {
            self.complain(interrupted_create(&left, SECRET_MAY_BE_LOST));
            self.unsettled.settled.push(left.new.attempt.name);
        }
    }

    /// Who creates keys here; none before the sign-in, where one is needed.
    pub fn owner(&self) -> Option<Owner> {
        self.server.as_ref()?.owner()
    }

    pub(crate) fn act_in_left_over(&mut self, action: Action, now: DateTime<Utc>) -> Option<Effect> {
        let Some(Dialog::LeftOver(dialog)) = &mut self.dialog else { return None };
        match action {
            _ if dialog.call.is_sent() => {}
            Action::Next | Action::Previous => {
                dialog.focus = moved(dialog.buttons(), dialog.focus, action);
            }
            Action::Submit if dialog.focus == PendingCreateButton::Finish => {
                let left = dialog.left.clone().at(now);
                if !left.repeatable {
                    self.dialog = None;
                    self.on_left_over(vec![left]);
                    return None;
                }
                let new = left.new;
                dialog.call = CallState::Sent;
                let effect = self.send(new);
                self.unsettled.may_be_made = true;
                return Some(effect);
            }
            Action::Submit if dialog.focus == PendingCreateButton::Forget => {
                dialog.left.secret_until = None; // nothing opens it any more
                let told = interrupted_create(&dialog.left, SECRET_MAY_BE_LOST);
                self.unsettled.settled.push(dialog.left.new.attempt.name.clone());
                self.dialog = None;
                self.say(told);
                self.ask_about_left_over();
            }
            Action::Submit | Action::Cancel => {
                if let Some(Dialog::LeftOver(dialog)) = self.dialog.take() {
                    self.unsettled.later.push(dialog.left);
                }
                self.ask_about_left_over();
            }
            _ => {}
        }
        None
    }

    /// A key is being created from now on.
    pub(crate) fn send(&mut self, new: NewKey) -> Effect {
        self.creating = true;
        self.unsettled.created = None;
        let before = self.unsettled.attempt.replace(new.clone());
        self.unsettled.may_be_made &= before.is_some_and(|before| before.attempt.name == new.attempt.name);
        Request::Create(new).into()
    }

    /// The create that was sent last has made this key, and its secret is here.
    pub(crate) fn note_created(&mut self, id: &KeyId) {
        let is_sealed = self.unsettled.attempt.as_ref().is_some_and(|new| new.attempt.seal_key.is_some());
        self.unsettled.created = is_sealed.then(|| id.clone());
    }

    /// What came of the create that was sent last is known, and was told.
    pub(crate) fn settle(&mut self) {
        self.unsettled.delivered.extend(self.unsettled.created.take());
        self.unsettled.settled.extend(self.unsettled.attempt.take().map(|new| new.attempt.name));
    }

    /// Whether a dialog tells what came of creating a key: that settles it.
    pub(crate) const fn is_telling(&self) -> bool {
        matches!(self.dialog, Some(Dialog::Reveal(_) | Dialog::Lost(_)))
    }
}
