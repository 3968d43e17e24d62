//! Making way for the shell, and coming back.

use std::collections::VecDeque;

use super::{LoopStep, Runtime, SIGHUP};
use crate::platform::signals::{SignalEvent, Signals};
use crate::platform::surroundings::could_bring_us_back;
use crate::tui::state::{ClockReading, Effect};

impl Runtime {
    /// Gives the terminal back as it was, if it is ours.
    pub(crate) async fn leave(&mut self) {
        if self.terminal.is_entered() {
            self.screen.blank(self.terminal.out());
            self.terminal.leave().await;
        }
    }

    /// Makes way for the shell, until somebody brings this program back.
    pub(crate) async fn suspend(&mut self, signals: &mut Signals) {
        if !could_bring_us_back() {
            return self.state.on_resume(false);
        }
        self.leave().await;
        let told = if self.terminal.stop().is_ok() { signals.go_on().await } else { SignalEvent::Continued };
        self.take(LoopStep::Signal(told), &mut VecDeque::new());
    }

    /// Enters again after a stop, ours or somebody else's: what stands on the terminal is not known.
    pub(crate) fn come_back(&mut self, now: ClockReading) -> Option<Effect> {
        match self.terminal.enter_again() {
            Ok(()) => self.resize(now),
            Err(_) => self.stop(SIGHUP),
        }
    }
}
