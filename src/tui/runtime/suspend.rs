//! Making way for the shell, and coming back.

use std::collections::VecDeque;

use super::{SIGHUP, Turn, Ui};
use crate::platform::signals::{Signals, Told};
use crate::platform::surroundings::could_bring_us_back;
use crate::tui::state::{Effect, Moment};

impl Ui {
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
            return self.app.on_resume(false);
        }
        self.leave().await;
        let told = if self.terminal.stop().is_ok() { signals.go_on().await } else { Told::Continued };
        self.take(Turn::Told(told), &mut VecDeque::new());
    }

    /// Enters again after a stop, ours or somebody else's: what stands on the terminal is not known.
    pub(crate) fn come_back(&mut self, now: Moment) -> Option<Effect> {
        match self.terminal.enter_again() {
            Ok(()) => self.resize(now),
            Err(_) => self.stop(SIGHUP),
        }
    }
}
