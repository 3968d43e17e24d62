//! Whose secret or token is this? A dialog that takes one, and what can be done with its key.

use crate::client::{ApiError, Attempt, Identified, Request};
use crate::domain::{AccessKey, Filter, KeyQuery, Leak, Status};
use crate::operations::keys::activate::{Switch, SwitchChoice};
use crate::operations::keys::bulk::{BulkAct, Selection};
use crate::operations::keys::identify::{Finding, clues};
use crate::operations::messages;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{BulkDialog, CallState, Dialog, Effect, ExpiryChoice, Question, State};

/// The most characters of a text that holds a secret.
const MOST: usize = 16 * 1024;

#[derive(Debug)]
pub struct IdentifyDialog {
    /// What was pasted. Never echoed, and wiped once it is asked for.
    pub pasted: Field,
    /// The stop of the focus: the field, then the buttons; of what was found, the buttons alone.
    pub focus: usize,
    pub call: CallState,
    /// What was found, once that is known.
    pub findings: Vec<Finding>,
    /// Which of the keys that were found the buttons are about.
    pub chosen: usize,
    /// What was asked for: in it is what was pasted, until the answer has come.
    asked: Vec<Leak>,
    attempt: Attempt,
    /// Whether this user may change keys here.
    may_change: bool,
}

/// A button of the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifyButton {
    Identify,
    Cancel,
    Close,
    /// Show the key in the list.
    Show,
    Deactivate,
    /// Deactivate all keys that were found and can be used.
    DeactivateAll,
    /// Replace it by a new key; it ends at once, since others know its secret.
    Rotate,
    /// Show the rotation that is under way.
    Pair,
    /// Create a key like it, which can't be rotated.
    Replace,
}

impl IdentifyDialog {
    fn new(may_change: bool) -> Self {
        Self {
            pasted: Field::masked(MOST),
            focus: 0,
            call: CallState::None,
            findings: Vec::new(),
            chosen: 0,
            asked: Vec::new(),
            attempt: Attempt::next(),
            may_change,
        }
    }

    /// Whether something is typed.
    pub const fn takes_text(&self) -> bool {
        self.findings.is_empty()
    }

    /// The keys that were found, each once: those that still work come first.
    pub fn keys(&self) -> Vec<&AccessKey> {
        let mut keys: Vec<&AccessKey> = Vec::new();
        for key in self.findings.iter().filter_map(Finding::key) {
            if !keys.iter().any(|other| other.id == key.id) {
                keys.push(key);
            }
        }
        keys
    }

    /// The key that the buttons are about.
    pub fn key(&self) -> Option<&AccessKey> {
        self.keys().get(self.chosen).copied()
    }

    /// How many of the keys can be used.
    pub fn usable(&self) -> usize {
        self.keys().iter().filter(|key| key.can_be_used()).count()
    }

    /// The buttons; where something was found, the safe one comes first.
    pub fn buttons(&self) -> &'static [IdentifyButton] {
        use IdentifyButton::{Cancel, Close, Deactivate, DeactivateAll, Identify, Pair, Replace, Rotate, Show};
        let several = self.usable() > 1;
        match self.key() {
            _ if self.takes_text() => &[Identify, Cancel],
            None => &[Close],
            Some(_) if !self.may_change => &[Close, Show],
            Some(key) => match (key.can_be_used(), key.rotation.is_some()) {
                (true, true) if several => &[Close, Show, Deactivate, DeactivateAll, Pair],
                (true, false) if several && key.status == Status::Active => {
                    &[Close, Show, Deactivate, DeactivateAll, Rotate]
                }
                (true, false) if several => &[Close, Show, Deactivate, DeactivateAll, Replace],
                (true, true) => &[Close, Show, Deactivate, Pair],
                (true, false) if key.status == Status::Active => &[Close, Show, Deactivate, Rotate],
                (true, false) => &[Close, Show, Deactivate, Replace],
                (false, true) => &[Close, Show, Pair],
                (false, false) => &[Close, Show, Replace],
            },
        }
    }

    /// The place of the focused button.
    pub fn focused(&self) -> Option<usize> {
        self.focus.checked_sub(usize::from(self.takes_text()))
    }

    /// What Enter does: the focused button, and in the field the first one.
    pub fn pressed(&self) -> Option<IdentifyButton> {
        self.buttons().get(self.focused().unwrap_or(0)).copied()
    }

    fn step(&mut self, action: Action) {
        let stops = self.buttons().len() + usize::from(self.takes_text());
        self.focus = match action {
            Action::Next => (self.focus + 1) % stops,
            Action::Previous => (self.focus + stops - 1) % stops,
            _ => self.focus,
        };
    }
}

impl TextInput for IdentifyDialog {
    fn field(&mut self) -> Option<&mut Field> {
        (self.takes_text() && self.focus == 0).then_some(&mut self.pasted)
    }

    fn go(&mut self, action: Action) {
        self.step(action);
    }
}

impl State {
    pub(crate) fn open_identify(&mut self) {
        let may_change = self.read_only().is_none();
        self.dialog = Some(Dialog::Identify(Box::new(IdentifyDialog::new(may_change))));
    }

    pub(crate) fn act_in_identify(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Identify(dialog)) = &mut self.dialog else { return None };
        let pressed = match action {
            Action::Cancel => IdentifyButton::Close,
            // Nothing is lost by going on: whose it is can be asked again.
            _ if dialog.call.is_sent() => return None,
            Action::Submit => dialog.pressed()?,
            Action::Choose(number) => {
                if (1..=dialog.keys().len()).contains(&number) {
                    (dialog.chosen, dialog.focus) = (number - 1, 0);
                }
                return None;
            }
            _ => {
                dialog.step(action);
                return None;
            }
        };
        match pressed {
            IdentifyButton::Identify => match clues(dialog.pasted.text()) {
                Err(why) => {
                    dialog.call = CallState::Invalid(format!("{why} {}", messages::NOTHING_SENT));
                    None
                }
                Ok(leaks) => {
                    dialog.pasted = Field::masked(MOST);
                    dialog.call = CallState::Sent;
                    dialog.attempt = Attempt::next();
                    dialog.asked.clone_from(&leaks);
                    Some(Request::Identify(dialog.attempt, leaks).into())
                }
            },
            IdentifyButton::Cancel | IdentifyButton::Close => {
                self.dialog = None;
                None
            }
            IdentifyButton::Show => {
                let text = dialog.key()?.id.raw_for_api().to_owned();
                self.dialog = None;
                let filter = Filter { text, status: None };
                self.list.change(KeyQuery { filter, ..self.list.query.clone() }).map(Effect::from)
            }
            IdentifyButton::Deactivate => {
                let key = dialog.key()?.clone();
                let id = key.id.clone();
                let choice = SwitchChoice::of(&key).iter().position(|choice| *choice == SwitchChoice::ForGood);
                let question = Question { choice: choice.unwrap_or(0), ..Question::new(key) };
                self.dialog = Some(Dialog::Switch(question, Switch::Deactivate(None)));
                // What is pressed next is about this key too.
                self.list.go_to(id).map(Effect::from)
            }
            IdentifyButton::DeactivateAll => {
                let keys = dialog.keys().into_iter().filter(|key| key.can_be_used()).cloned().collect();
                let (production, ahead, now) = (self.production(), self.list.ahead, self.list.as_of?);
                let act = BulkAct::Deactivate(None);
                let (dialog, request) = BulkDialog::begin(act, Selection::Keys(keys), production, ahead, now);
                self.dialog = Some(Dialog::Bulk(Box::new(dialog)));
                request.map(Effect::from)
            }
            IdentifyButton::Rotate | IdentifyButton::Pair | IdentifyButton::Replace => {
                let key = dialog.key()?.clone();
                let effect = self.open_rotation_of(key);
                if let Some(Dialog::Rotate(dialog)) = &mut self.dialog {
                    dialog.overlap.chosen = ExpiryChoice::Now;
                }
                effect
            }
        }
    }

    pub(crate) fn on_identified(&mut self, attempt: Attempt, found: Result<Vec<Option<Identified>>, ApiError>) {
        let Some(Dialog::Identify(dialog)) = &mut self.dialog else { return };
        if dialog.attempt != attempt {
            return;
        }
        let asked = std::mem::take(&mut dialog.asked);
        match found {
            Ok(found) => {
                dialog.call = CallState::None;
                (dialog.focus, dialog.chosen) = (0, 0);
                dialog.findings = asked.iter().zip(found).map(|(leak, one)| Finding::of(leak, one)).collect();
                // The buttons are about the first key: one that still works, if there is one.
                let rank = |finding: &Finding| finding.key().map_or(2, |key| u8::from(key.status != Status::Active));
                dialog.findings.sort_by_key(rank);
            }
            Err(error) => dialog.call = CallState::Failed(error.to_string()),
        }
    }
}
