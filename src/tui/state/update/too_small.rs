//! A terminal that is too small for the page: nothing is done unseen.

use crossterm::event::KeyEvent;

use super::{ClockReading, Effect, State};
use crate::operations::actions::ActionId;
use crate::tui::keymap;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::SMALLEST;

impl State {
    /// Whether the screen is smaller than the page: it shows nothing then but that.
    pub const fn is_too_small(&self) -> bool {
        self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1
    }

    /// Takes a press while the terminal is too small to show what it would do: nothing but to leave.
    pub(crate) fn on_unseen_press(&mut self, key: KeyEvent, now: ClockReading) -> Option<Effect> {
        // Letters that a filter would take are seen no more than it is.
        let mode = if self.mode() == Mode::Filter { Mode::List } else { self.mode() };
        match keymap::action(mode, key) {
            Some(Action::Do(ActionId::Quit)) => self.leave(now),
            Some(Action::Suspend) => {
                self.on_suspend();
                None
            }
            _ => None,
        }
    }
}
