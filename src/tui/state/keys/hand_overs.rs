//! Secrets that are handed over: told in the details of their keys, taken back, and an alarm if someone else tried to open
//! one, which stays until it is acknowledged.

use crate::client::{ApiError, Handover, HandoverEnd, Request};
use crate::domain::KeyId;
use crate::operations::handover::{ended, is_open};
use crate::tui::keymap::Action;
use crate::tui::state::{CallState, Dialog, Effect, State};

/// What is known of them.
#[derive(Debug, Default)]
pub struct HandOvers {
    /// Those that wait and those with an alarm, the latest first.
    all: Vec<Handover>,
    /// Whether they are to be asked for.
    is_due: bool,
    /// Whether the server doesn't tell.
    is_unknown: bool,
}

/// The question whether one is to be taken back, or its alarm acknowledged.
#[derive(Debug)]
pub struct HandOverQuestion {
    pub handover: Handover,
    /// What a yes does.
    pub how: HandoverEnd,
    /// Whether the button that does it is focused.
    pub yes: bool,
    pub call: CallState,
}

const fn has_alarm(one: &Handover) -> bool {
    one.opened_again_at.is_some()
}

impl HandOvers {
    /// The one that is to be told of a key: an alarm before any that waits.
    pub fn of(&self, id: &KeyId) -> Option<&Handover> {
        let of_key = || self.all.iter().filter(|one| one.key_id.raw_for_api() == id.raw_for_api());
        of_key().find(|one| has_alarm(one)).or_else(|| of_key().next())
    }

    /// The latest alarm.
    pub fn alarm(&self) -> Option<&Handover> {
        self.all.iter().filter(|one| has_alarm(one)).max_by_key(|one| one.opened_again_at)
    }

    /// Takes note that the list was read again.
    pub(crate) const fn refresh(&mut self) {
        self.is_due = !self.is_unknown;
    }
}

impl State {
    /// Asks for them.
    pub(crate) fn ask_hand_overs(&mut self) -> Option<Request> {
        self.hand_overs_due().then(|| {
            self.hand_overs.is_due = false;
            Request::Handovers
        })
    }

    /// Whether they are to be asked for now.
    pub(crate) const fn hand_overs_due(&self) -> bool {
        self.hand_overs.is_due && self.connecting.is_none() && self.sign_in.is_none()
    }

    /// Takes the answer. What is wrong with the server is said by the list.
    pub(crate) fn on_handovers(&mut self, read: Result<Vec<Handover>, ApiError>) {
        let Ok(mut all) = read else {
            self.hand_overs.is_unknown |= matches!(read, Err(ApiError::NoHandovers));
            return;
        };
        all.retain(|one| has_alarm(one) || is_open(one));
        self.hand_overs.all = all;
    }

    /// Asks about that of the selected key if its details tell of it, else about the latest alarm, which is told above the list.
    pub(crate) fn open_hand_over(&mut self) {
        let selected = self.list.selected_key().and_then(|key| self.hand_overs.of(&key.id));
        let told = selected.filter(|_| self.shows_details()).or_else(|| self.hand_overs.alarm());
        let Some(handover) = told.or(selected).cloned() else {
            self.say("No hand-over or alarm for this key.");
            return;
        };
        if let Some(why) = self.read_only() {
            self.say(why.to_string());
            return;
        }
        let alarm = handover.opened_again_at;
        let how = alarm.map_or(HandoverEnd::TakeBack, |at| HandoverEnd::Acknowledge(Some(at)));
        let question = HandOverQuestion { handover, how, yes: false, call: CallState::None };
        self.dialog = Some(Dialog::HandOver(Box::new(question)));
    }

    pub(crate) fn act_in_hand_over(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::HandOver(question)) = &mut self.dialog else { return None };
        match action {
            Action::Next | Action::Previous if !question.call.is_sent() => question.yes = !question.yes,
            Action::Submit if question.call.is_sent() => {}
            Action::Submit if question.yes => {
                question.call = CallState::Sent;
                return Some(Request::SettleHandover(question.handover.id.clone(), question.how).into());
            }
            Action::Submit | Action::Cancel => self.dialog = None,
            _ => {}
        }
        None
    }

    pub(crate) fn on_handover_settled(&mut self, how: HandoverEnd, result: Result<(), ApiError>) {
        let is_open = matches!(&self.dialog, Some(Dialog::HandOver(question)) if question.call.is_sent());
        self.hand_overs.refresh();
        if self.end_call(is_open, result).is_some() {
            self.say(ended(how));
        }
    }
}
