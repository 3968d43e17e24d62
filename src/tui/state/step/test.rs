//! Step three: a test of a key, as its dialog drives it.

use secrecy::SecretString;

use super::StepOutcome;
use crate::client::{Reply, Request};
use crate::operations::tokens::key_test::{KeyTest, TestInput, TestState};
use crate::platform::clipboard::report::{CopyReport, What};
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::{ClockReading, Effect};

/// The dialog of a test.
#[derive(Debug)]
pub struct TestStep {
    pub test: KeyTest,
    pub focus: TestButton,
    /// What came of the last copy.
    pub copied: Option<(What, CopyReport)>,
    /// The first row of what was found that is on screen: a small one does not have room for all.
    pub scroll: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestButton {
    Copy,
    Again,
    Back,
}

impl TestStep {
    pub fn begin(input: TestInput) -> (Self, Option<Request>) {
        let (test, request) = KeyTest::begin(input);
        (Self { test, focus: TestButton::Back, copied: None, scroll: 0 }, request)
    }

    /// The buttons that there are now.
    pub const fn buttons(&self) -> &'static [TestButton] {
        match self.test.state {
            TestState::Works { .. } => &[TestButton::Copy, TestButton::Again, TestButton::Back],
            TestState::Fails { .. } | TestState::NotTried { .. } => &[TestButton::Again, TestButton::Back],
            _ => &[TestButton::Back],
        }
    }

    pub fn act(&mut self, action: Action) -> StepOutcome {
        match action {
            Action::Next | Action::Previous => self.focus = moved(self.buttons(), self.focus, action),
            Action::Submit => match (self.focus, &self.test.state) {
                (TestButton::Copy, TestState::Works { grant, .. }) => {
                    let token = SecretString::from(grant.access_token.expose());
                    return StepOutcome::Stay(Some(Effect::Copy(What::AccessToken, token)));
                }
                (TestButton::Again, _) => {
                    (self.focus, self.copied, self.scroll) = (TestButton::Back, None, 0);
                    return StepOutcome::Stay(self.test.again().map(Effect::from));
                }
                _ => return StepOutcome::Back,
            },
            Action::Up => self.scroll = self.scroll.saturating_sub(1),
            Action::Down => self.scroll += 1,
            Action::Cancel => return StepOutcome::Back,
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    /// Takes an answer, if it is to this test's question.
    pub fn on_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Request> {
        let next = self.test.on_reply(reply, now.utc);
        if !self.buttons().contains(&self.focus) {
            self.focus = TestButton::Back;
        }
        next
    }
}
