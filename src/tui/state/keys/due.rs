//! What needs attention soon: told once, when the first page of a server's keys is on the screen.

use crate::client::{ApiError, Request};
use crate::domain::{AccessKey, DUE_DAYS};
use crate::operations::keys::due;
use crate::tui::state::{State, Window};

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
        let all = self.offered_views();
        // By its number in the dialog of the views.
        let shown_by = |name: &str| match all.iter().position(|view| view.name == name) {
            Some(at @ 0..=9) => format!("v {at}"),
            _ => "v".to_owned(),
        };
        if let (Some(words), None) = (due::summary(&due::all(&keys), days, &shown_by), &self.notice) {
            self.say(words);
        }
    }
}
