//! What needs attention soon: told when the first page of a server's keys is on the screen; how many keys expire soon stays.

use crate::client::{ApiError, Request};
use crate::domain::{AccessKey, DUE_DAYS, Filter};
use crate::operations::keys::due;
use crate::tui::state::{State, Window};

/// How many keys expire soon.
#[derive(Debug, Default)]
pub struct ExpiringKeys {
    /// None if there are none, or it isn't known.
    pub count: Option<u64>,
    /// Whether they are to be counted again.
    is_stale: bool,
}

impl ExpiringKeys {
    /// Takes note that the list was read again.
    pub(crate) const fn refresh(&mut self) {
        self.is_stale = true;
    }
}

impl State {
    /// Whether it is to be asked for now.
    pub(crate) const fn wants_due(&self) -> bool {
        !self.is_due_asked && self.list.window.is_some() && self.sign_in.is_none() && self.connecting.is_none()
    }

    /// Whether the keys that expire soon are to be counted now: never where there were none at the start, so that a server
    /// is not asked in vain.
    pub(crate) const fn wants_expiring(&self) -> bool {
        self.expiring.is_stale && self.expiring.count.is_some() && self.sign_in.is_none() && self.connecting.is_none()
    }

    /// Asks for it.
    pub(crate) fn ask_due(&mut self) -> Option<Request> {
        if self.wants_expiring() {
            self.expiring.is_stale = false;
            return Some(Request::Counts(vec![due::due_soon()]));
        }
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
            _ if name == due::Reason::Expires.view() => due::PRESS.to_owned(),
            Some(at @ 0..=9) => format!("v {at}"),
            _ => "v".to_owned(),
        };
        let all = due::all(&keys);
        let count = all.iter().filter(|due| due.reason == due::Reason::Expires).count();
        self.expiring = ExpiringKeys { count: (count > 0).then_some(count as u64), is_stale: false };
        if let (Some(words), None) = (due::summary(&all, days, &shown_by), &self.notice) {
            self.say(words);
        }
    }

    /// Takes how many keys expire soon, if these were counted.
    pub(crate) fn on_expiring(&mut self, filters: &[Filter], counts: &Result<Vec<Option<u64>>, ApiError>) {
        if filters == [due::due_soon()]
            && let Ok([Some(count)]) = counts.as_deref()
        {
            self.expiring.count = Some(*count);
        }
    }
}
