//! How fast presses come.
//!
//! A terminal that doesn't mark a paste (a serial line, `screen -X stuff`) sends it as presses. Its line break sends a
//! form, and what follows would act in the dialog that opens: show a secret, save it, close it. Reading a dialog and
//! answering it takes a person longer than [`QUIET`].

use std::time::{Duration, Instant};

use crate::operations::actions::ActionId;
use crate::tui::keymap::Action;
use crate::tui::state::{AdminStep, BulkStage, Dialog, Reveal, State, Step};

/// Less than a person needs from one press to the next, if the second is a decision. A held key repeats faster.
pub const QUIET: Duration = Duration::from_millis(100);

/// When presses came, and whether the dialog on screen has had a quiet moment.
#[derive(Debug, Default)]
pub struct Pace {
    last: Option<Instant>,
    /// Whether what was read last holds several presses.
    is_crowded: bool,
    /// Where the last press went.
    stage: Option<Stage>,
    /// Whether a press came at leisure since that opened.
    is_attended: bool,
    /// Whether presses have been coming since one in a dialog: what acts in the list now may be the rest of a paste.
    is_leaving: bool,
}

/// A dialog, or a step of one, in which a press can show, move or destroy a secret, or stop a key from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Others may be watching.
    Guard,
    Secret,
    /// Closing a secret that may be nowhere else.
    LastQuestion,
    Save,
    HandOver,
    Hmac,
    Test,
    Tokens,
    Delete,
    /// Remove an administrator, end sessions, or revoke everything.
    Administration,
    /// Deactivate or activate a key, delete it because its secret is lost, or end a rotation; or an unfinished create.
    Question,
}

/// What a press would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It moves the focus, or types: what comes of it can be seen, and undone.
    Light,
    Act,
    /// It leaves or suspends the program: never held back.
    Leave,
}

impl Pace {
    /// Takes note of how many presses came in one read.
    pub(crate) const fn on_read(&mut self, presses: usize) {
        self.is_crowded = presses > 1;
    }

    /// Takes note that something was typed or pasted: what follows at once may be the rest of it.
    pub(crate) const fn note(&mut self, now: Instant) {
        self.last = Some(now);
    }

    /// When the last press came.
    pub(crate) const fn last(&self) -> Option<Instant> {
        self.last
    }

    /// Whether a press at this time counts.
    pub(crate) fn admits(&mut self, stage: Option<Stage>, is_in_list: bool, weight: Weight, now: Instant) -> bool {
        let is_hasty = self.last.is_some_and(|last| now.saturating_duration_since(last) < QUIET);
        let is_new = stage != self.stage;
        self.last = Some(now);
        self.stage = stage;
        self.is_leaving = !is_in_list || is_hasty && self.is_leaving;
        self.is_attended = !is_hasty || self.is_attended && !is_new;
        match weight {
            Weight::Leave => true,
            Weight::Act if is_in_list => !self.is_leaving,
            _ if stage.is_none() => true,
            Weight::Light => self.is_attended,
            // A slow line may bring what was typed at leisure in one read; so does a paste.
            Weight::Act => !is_hasty && !self.is_crowded,
        }
    }
}

impl State {
    /// Takes note of how many presses came in one read.
    pub(crate) const fn on_read(&mut self, presses: usize) {
        self.pace.on_read(presses);
    }

    /// Where a press would go now, if much is at stake there.
    pub fn stage(&self) -> Option<Stage> {
        if self.signing_in().is_some() {
            return None;
        }
        if self.guarding().is_some() {
            return Some(Stage::Guard);
        }
        let step = |step: &Step| match step {
            Step::Hmac(_) => Stage::Hmac,
            Step::Test(_) => Stage::Test,
            Step::Save(_) => Stage::Save,
            Step::HandOver(_) => Stage::HandOver,
        };
        Some(match self.dialog.as_ref()? {
            Dialog::Reveal(reveal) => match &**reveal {
                Reveal { asking: true, .. } => Stage::LastQuestion,
                Reveal { step: None, .. } => Stage::Secret,
                Reveal { step: Some(open), .. } => step(open),
            },
            Dialog::Token(token) => token.step.as_ref().map_or(Stage::Tokens, step),
            Dialog::Delete(_) => Stage::Delete,
            Dialog::Bulk(dialog) if matches!(dialog.stage, BulkStage::Confirm(_)) => Stage::Delete,
            Dialog::Switch(..) | Dialog::Lost(_) | Dialog::HandOver(_) | Dialog::LeftOver(_) | Dialog::Rotation(_) => {
                Stage::Question
            }
            Dialog::Revoke(_) => Stage::Administration,
            Dialog::Admins(screen) if matches!(screen.step, Some(AdminStep::Remove(_))) => Stage::Administration,
            Dialog::Sessions(screen) if screen.question.is_some() => Stage::Administration,
            Dialog::Bulk(_)
            | Dialog::Create(_)
            | Dialog::Edit(_)
            | Dialog::Rotate(_)
            | Dialog::Export(_)
            | Dialog::Identify(_)
            | Dialog::Password(_)
            | Dialog::Profiles(_)
            | Dialog::Views(_)
            | Dialog::Columns(_)
            | Dialog::Overview(_)
            | Dialog::Admins(_)
            | Dialog::Sessions(_)
            | Dialog::History(_) => return None,
        })
    }

    /// What a press with this meaning would do now.
    pub(crate) const fn weight(&self, action: Option<Action>) -> Weight {
        match action {
            Some(Action::Do(ActionId::Quit) | Action::Suspend) => Weight::Leave,
            // A press without a meaning is typed.
            None => Weight::Light,
            Some(action) if action.moves() => Weight::Light,
            // In the form of tokens, Enter in a field goes to the next.
            Some(Action::Submit)
                if self.help.is_none() && matches!(&self.dialog, Some(Dialog::Token(token)) if token.is_typing()) =>
            {
                Weight::Light
            }
            Some(_) => Weight::Act,
        }
    }
}
