//! Stopping for the shell, and coming back.

use super::event_loop::{Runtime, SIGHUP};
use super::machine::Machine;
use crate::tui::state::{ClockReading, Effect};
use crate::tui::terminal::Terminal;

impl<T: Terminal, M: Machine> Runtime<T, M> {
    /// Puts the terminal back as it was before, if it is entered.
    pub(crate) async fn leave(&mut self) {
        if self.terminal.is_entered() {
            self.screen.blank(self.terminal.out());
            self.terminal.leave().await;
        }
    }

    /// Stops for the shell. The loop waits for the signal that continues it.
    pub(crate) async fn suspend(&mut self) {
        if !self.machine.can_resume() {
            return self.state.on_resume(false);
        }
        self.leave().await;
        if self.terminal.stop().is_ok() {
            self.is_stopped = true;
        } else {
            let effect = self.resume(self.machine.now());
            self.perform(effect);
        }
    }

    /// Enters the terminal again after a stop, by this program or from outside. Its content is not known.
    pub(crate) fn resume(&mut self, now: ClockReading) -> Option<Effect> {
        self.state.on_resume(true);
        self.title = None;
        self.mouse.forget();
        match self.terminal.enter() {
            Ok(()) => self.resize(now),
            Err(_) => self.stop(SIGHUP),
        }
    }
}
