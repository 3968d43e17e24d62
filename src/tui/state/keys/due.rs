//! What needs attention soon: told once, when the first page of a server's keys is on the screen.

use crate::client::{ApiError, Request};
use crate::domain::{AccessKey, DUE_DAYS};
use crate::operations::keys::due;
use crate::operations::keys::due::Reason;
use crate::tui::state::{State, Window};

/// What shows the keys that expire.
const PRESS: &str = "v 2 lists them.";

impl State {
    /// Whether it is to be asked for now.
    pub(crate) const fn wants_due(&self) -> bool {
        !self.is_due_asked && self.list.window.is_some() && self.sign_in.is_none() && self.connecting.is_none()
    }

    /// Asks for it.
    pub(crate) fn ask_due(&mut self) -> Option<Request> {
        if !self.wants_due() {
            return None;
        }
        self.is_due_asked = true;
        // Without keys there is nothing to be asked.
        let is_empty = self.list.window.as_ref().is_some_and(Window::is_empty);
        (!is_empty).then_some(Request::Due(DUE_DAYS))
    }

    /// Tells it in one line, unless there is something else to be read. The list says what is wrong with the server.
    pub(crate) fn on_due(&mut self, days: u16, result: Result<Vec<AccessKey>, ApiError>) {
        let Ok(keys) = result else { return };
        let all = due::all(&keys);
        if let (Some(words), None) = (due::summary(&all, days), &self.notice) {
            let expires = all.iter().any(|due| due.reason == Reason::Expires);
            self.say(if expires { format!("{words} {PRESS}") } else { words });
        }
    }
}
