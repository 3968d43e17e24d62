//! Secrets that are handed over: told in the details of their keys, taken back, and an alarm if someone tried to open one
//! again or nobody received it, which stays until it is acknowledged.

use crate::client::{ApiError, Handover, HandoverEnd, Request};
use crate::domain::KeyId;
use crate::operations::handover::{Wrong, alarms, ended, is_open};
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::{CallState, Dialog, Effect, ExpiryChoice, State};

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
    pub how: HandoverEnd,
    /// How many other alarms there are.
    pub more: usize,
    pub focus: HandOverButton,
    pub call: CallState,
}

/// A button of that question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverButton {
    Cancel,
    /// Take it back, or acknowledge its alarm.
    Settle,
    /// Select its key in the list.
    Show,
    /// Replace its key, which ends at once.
    Rotate,
}

impl HandOverQuestion {
    /// The buttons, the safe one first.
    pub const fn buttons(&self) -> &'static [HandOverButton] {
        use HandOverButton::{Cancel, Rotate, Settle, Show};
        match self.how {
            HandoverEnd::TakeBack => &[Cancel, Settle],
            HandoverEnd::Acknowledge(_) => &[Cancel, Settle, Show, Rotate],
        }
    }
}

fn has_alarm(one: &Handover) -> bool {
    Wrong::of(one).is_some()
}

impl HandOvers {
    /// The one that is to be told of a key: an alarm before any that waits.
    pub fn of(&self, id: &KeyId) -> Option<&Handover> {
        let of_key = || self.all.iter().filter(|one| one.key_id.raw_for_api() == id.raw_for_api());
        of_key().find(|one| has_alarm(one)).or_else(|| of_key().next())
    }

    /// The worst alarm, and how many others there are.
    pub fn alarm(&self) -> Option<(&Handover, usize)> {
        let all = alarms(&self.all);
        all.first().map(|(_, _, one)| (*one, all.len() - 1))
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

    /// Asks about that of the selected key if its details tell of it, else about the worst alarm, which is told above the list.
    pub(crate) fn open_hand_over(&mut self) {
        let selected = self.list.selected_key().and_then(|key| self.hand_overs.of(&key.id));
        let alarms = self.hand_overs.all.iter().filter(|one| has_alarm(one)).count();
        let worst = self.hand_overs.alarm().map(|(one, _)| one);
        let told = selected.filter(|_| self.shows_details()).or(worst);
        let Some(handover) = told.or(selected).cloned() else {
            self.say("No hand-over or alarm for this key.");
            return;
        };
        if let Some(why) = self.read_only() {
            self.say(why.to_string());
            return;
        }
        let alarm = Wrong::of(&handover);
        let more = alarms - usize::from(alarm.is_some());
        let how = alarm.map_or(HandoverEnd::TakeBack, |(_, at)| HandoverEnd::Acknowledge(Some(at)));
        let question = HandOverQuestion { handover, how, more, focus: HandOverButton::Cancel, call: CallState::None };
        self.dialog = Some(Dialog::HandOver(Box::new(question)));
    }

    pub(crate) fn act_in_hand_over(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::HandOver(question)) = &mut self.dialog else { return None };
        match (action, question.focus) {
            (Action::Cancel, _) => self.dialog = None,
            _ if question.call.is_sent() => {}
            (Action::Next | Action::Previous, focus) => question.focus = moved(question.buttons(), focus, action),
            (Action::Submit, HandOverButton::Cancel) => self.dialog = None,
            (Action::Submit, HandOverButton::Settle) => {
                question.call = CallState::Sent;
                return Some(Request::SettleHandover(question.handover.id.clone(), question.how).into());
            }
            (Action::Submit, button @ (HandOverButton::Show | HandOverButton::Rotate)) => {
                let id = KeyId::parse(question.handover.key_id.raw_for_api()).ok()?;
                self.dialog = None;
                return self.go_to_handed_over(id, button == HandOverButton::Rotate);
            }
            _ => {}
        }
        None
    }

    /// Selects the key in the list, and opens the form that replaces it if the list has it.
    fn go_to_handed_over(&mut self, id: KeyId, rotate: bool) -> Option<Effect> {
        let window = self.list.window.as_ref();
        let key = window.and_then(|window| window.get(window.find(&id)?)).filter(|_| rotate).cloned();
        let Some(key) = key else {
            if rotate {
                self.say("This is the key: press R to replace it.");
            }
            return self.list.go_to(id).map(Effect::from);
        };
        let read = self.list.go_to(id).map(Effect::from);
        let opened = self.open_rotation_of(key);
        if let Some(Dialog::Rotate(dialog)) = &mut self.dialog {
            dialog.overlap.chosen = ExpiryChoice::Now;
        }
        opened.or(read)
    }

    pub(crate) fn on_handover_settled(&mut self, how: HandoverEnd, result: Result<(), ApiError>) {
        let is_open = matches!(&self.dialog, Some(Dialog::HandOver(question)) if question.call.is_sent());
        self.hand_overs.refresh();
        if self.end_call(is_open, result).is_some() {
            self.say(ended(how));
        }
    }
}
