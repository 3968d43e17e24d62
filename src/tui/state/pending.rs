//! Creates whose end nobody saw: those of this run until they are settled, and what an earlier run left over.

use super::{CallState, Dialog, Effect, ExitState, State};
use crate::client::{IdempotencyKey, NewKey, PendingCreate, Request};
use crate::domain::Untrusted;
use crate::tui::keymap::Action;

/// Creates that are not settled.
#[derive(Debug, Default)]
pub struct UnresolvedCreates {
    /// The one that was sent last.
    pub attempt: Option<NewKey>,
    /// Those whose end is known by now: what was noted of them can go.
    pub settled: Vec<IdempotencyKey>,
    /// What an earlier run left over and nobody was asked about yet.
    waiting: Vec<PendingCreate>,
}

/// The question what shall become of a create that an earlier run left over.
#[derive(Debug)]
pub struct PendingCreateDialog {
    /// The create.
    pub left: PendingCreate,
    /// Whether the button that finishes it is focused.
    pub yes: bool,
    /// The call.
    pub call: CallState,
}

impl State {
    /// Takes what an earlier run left over at this server.
    pub fn on_left_over(&mut self, left: Vec<PendingCreate>) {
        self.unsettled.waiting.extend(left);
        self.ask_about_left_over();
    }

    /// Asks about the next one, if nothing else is in the way.
    pub(crate) fn ask_about_left_over(&mut self) {
        let busy = self.dialog.is_some() || self.creating || self.exit != ExitState::No || self.read_only().is_some();
        if busy || self.unsettled.waiting.is_empty() {
            return;
        }
        let left = self.unsettled.waiting.remove(0);
        if left.repeatable {
            self.dialog = Some(Dialog::LeftOver(PendingCreateDialog { left, yes: false, call: CallState::None }));
        } else {
            self.complain(format!(
                "The create of a key{}, begun at {}, was cut off. If it is in the list and nobody has its secret, delete it.",
                labelled(&left),
                left.at.format("%Y-%m-%d %H:%M UTC")
            ));
            self.unsettled.settled.push(left.new.idempotency_key);
        }
    }

    /// The profile, and who is signed in there; none before somebody is, where one must be.
    #[must_use]
    pub fn whose(&self) -> Option<(String, Option<String>)> {
        let server = self.server.as_ref()?;
        let username = server.who.as_ref().map(|who| who.username.raw_for_api().to_owned());
        (!server.profile.signs_in || username.is_some()).then(|| (server.profile.name.clone(), username))
    }

    pub(crate) fn act_in_left_over(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::LeftOver(dialog)) = &mut self.dialog else { return None };
        match action {
            _ if dialog.call.is_sent() => {}
            Action::Next | Action::Previous => dialog.yes = !dialog.yes,
            Action::Submit if dialog.yes => {
                dialog.call = CallState::Sent;
                let new = dialog.left.new.clone();
                return Some(self.send(new));
            }
            Action::Submit | Action::Cancel => {
                self.dialog = None;
                self.ask_about_left_over();
            }
            _ => {}
        }
        None
    }

    /// A create is under way from now on.
    pub(crate) fn send(&mut self, new: NewKey) -> Effect {
        self.creating = true;
        self.unsettled.attempt = Some(new.clone());
        Request::Create(new).into()
    }

    /// What came of the create that was sent last is known, and was told.
    pub(crate) fn settle(&mut self) {
        self.unsettled.settled.extend(self.unsettled.attempt.take().map(|new| new.idempotency_key));
    }

    /// Whether a dialog tells what came of a create: with it, the create is settled.
    pub(crate) const fn is_telling(&self) -> bool {
        matches!(self.dialog, Some(Dialog::Reveal(_) | Dialog::Lost(_)))
    }
}

/// The label, as a part of a sentence.
pub(crate) fn labelled(left: &PendingCreate) -> String {
    match left.new.label.as_str() {
        "" => " without a label".to_owned(),
        label => format!(" labelled “{}”", Untrusted::new(label).to_display(60)),
    }
}

impl PendingCreateDialog {
    /// The label, as a part of a sentence.
    #[must_use]
    pub fn labelled(&self) -> String {
        labelled(&self.left)
    }
}
