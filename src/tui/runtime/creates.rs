//! Keeps the journal of creates that are not settled, for a start after a crash.

use super::event_loop::Runtime;
use super::machine::Machine;
use crate::client::{Reply, Request};
use crate::tui::state::{ClockReading, Effect};
use crate::tui::terminal::Terminal;

impl<T: Terminal, M: Machine> Runtime<T, M> {
    /// Records the creation of a key before it is requested.
    pub(crate) fn record_create(&mut self, request: &Request) {
        if let (Request::Create(new), Some(owner)) = (request, self.state.owner()) {
            self.pending_creates.record(&owner, new);
        }
    }

    /// Removes the creates whose end is known, and lets the server forget the secrets that have arrived.
    pub(crate) fn resolve_creates(&mut self) {
        for key in self.state.unsettled.settled.drain(..) {
            self.pending_creates.resolve(&key);
        }
        for id in self.state.unsettled.delivered.drain(..) {
            let _ = self.requests.try_send(Request::Delivered(id)); // forgotten after a while anyway
        }
    }

    /// Takes a reply. One that opens a server asks about what an earlier run left there.
    pub(crate) fn take_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Effect> {
        let is_open = matches!(reply, Reply::Connected(Ok(_)) | Reply::SignedIn(Ok(_)));
        let effect = self.state.on_reply(reply, now);
        if is_open {
            for key in self.state.drop_left_over(|key| self.pending_creates.has(key)) {
                self.pending_creates.release(&key);
            }
        }
        if is_open && let Some(owner) = self.state.owner() {
            if let Some(waiting) = self.state.unsettled.attempt.as_ref().filter(|_| self.state.creating) {
                // Before the sign-in it was not known whose it would be.
                self.pending_creates.record(&owner, waiting);
            }
            let left = self.pending_creates.left(&owner, now.utc);
            self.state.on_left_over(left);
        }
        effect
    }
}
