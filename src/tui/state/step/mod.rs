//! Steps two and three of the contract, for one pair of ID and secret: beside a new key, or for any other.

mod hand_over;
mod hmac;
mod save;
mod test;

use std::time::Instant;

pub use crate::operations::deliver::{Delivery, NotSaved, SaveTarget, Saved};
pub use hand_over::{HandOverFocus, HandOverStep, HandingOver, TTLS};
pub use hmac::{HmacFocus, HmacStep, Made};
pub(crate) use save::LONGEST as LONGEST_TARGET;
pub use save::{SaveFocus, SaveResult, SaveStep, Saving};
pub use test::{TestButton, TestStep};

use super::{ClockReading, Effect};
use crate::client::{Reply, Request};
use crate::platform::clipboard::report::{CopyReport, What};
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::text_input::TextInput;

/// A step, open on the screen.
#[derive(Debug)]
pub enum Step {
    /// An HMAC token is made and copied.
    Hmac(Box<HmacStep>),
    /// The exchange is tried.
    Test(Box<TestStep>),
    /// The secret is brought to a file or a command.
    Save(Box<SaveStep>),
    /// The secret is handed over to someone else.
    HandOver(Box<HandOverStep>),
}

/// What a turn of a step comes to.
pub enum StepOutcome {
    /// It stays, and this must happen outside.
    Stay(Option<Effect>),
    /// It stays, and a credential shall be shown in it.
    Show,
    /// Back to where it was opened.
    Back,
}

impl Step {
    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Hmac(_) | Self::Save(_) | Self::HandOver(_) => Mode::Form,
            Self::Test(_) => Mode::Question,
        }
    }

    pub fn act(&mut self, action: Action) -> StepOutcome {
        match self {
            Self::Hmac(step) => step.act(action),
            Self::Test(step) => step.act(action),
            Self::Save(step) => step.act(action),
            Self::HandOver(step) => step.act(action),
        }
    }

    /// Whether it waits for something outside that must not be left alone.
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::Save(step) if step.is_running())
    }

    /// What takes text in it.
    pub(crate) fn text_input(&mut self) -> Option<&mut dyn TextInput> {
        match self {
            Self::Hmac(step) => Some(&mut **step),
            Self::Save(step) => Some(&mut **step),
            Self::HandOver(step) => Some(&mut **step),
            Self::Test(_) => None,
        }
    }

    /// Shows the credential that was wished for.
    pub fn show(&mut self, now: ClockReading) {
        if let Self::Hmac(step) = self {
            step.make(now);
        }
    }

    /// Hides what is a credential.
    pub fn hide(&mut self) {
        if let Self::Hmac(step) = self {
            step.hide();
        }
    }

    /// Takes what came of a copy.
    pub fn on_copied(&mut self, what: What, report: CopyReport) {
        match self {
            Self::Hmac(step) => step.copied = Some((what, report)),
            Self::Test(step) => step.copied = Some((what, report)),
            Self::HandOver(step) => step.copied = Some((what, report)),
            Self::Save(_) => {}
        }
    }

    /// Hides a credential whose time is up.
    pub fn on_time(&mut self, now: ClockReading) {
        if let Self::Hmac(step) = self {
            step.on_time(now);
        }
    }

    /// When something changes by itself.
    pub fn next_wake(&self, now: ClockReading) -> Option<Instant> {
        match self {
            Self::Hmac(step) => step.next_wake(now),
            Self::Test(_) | Self::Save(_) | Self::HandOver(_) => None,
        }
    }

    /// Takes an answer, if it is to this step's question.
    pub fn on_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Request> {
        match self {
            Self::Hmac(_) | Self::Save(_) | Self::HandOver(_) => None,
            Self::Test(step) => step.on_reply(reply, now),
        }
    }
}
