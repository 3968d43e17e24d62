//! What is written down of creates, for a start after a crash.

use super::Runtime;
use crate::client::{Reply, Request};
use crate::tui::state::{ClockReading, Effect};

impl Runtime {
    /// Notes a create before it is sent.
    pub(crate) fn note(&mut self, request: &Request) {
        if let (Request::Create(new), Some((profile, username))) = (request, self.state.whose()) {
            self.pending_creates.record(&profile, username.as_deref(), new);
        }
    }

    /// Forgets the creates whose end is known.
    pub(crate) fn settle(&mut self) {
        for key in self.state.unsettled.settled.drain(..) {
            self.pending_creates.resolve(&key);
        }
    }

    /// Takes a reply; where it opens a server, what was left over there is asked about.
    pub(crate) fn reply(&mut self, reply: Reply, now: ClockReading) -> Option<Effect> {
        let is_open = matches!(reply, Reply::Connected(Ok(_)) | Reply::SignedIn(Ok(_)));
        let effect = self.state.on_reply(reply, now);
        if is_open && let Some((profile, username)) = self.state.whose() {
            if let Some(waited) = self.state.unsettled.attempt.as_ref().filter(|_| self.state.creating) {
                self.pending_creates.record(&profile, username.as_deref(), waited); // nobody knew before whose it would be
            }
            let left = self.pending_creates.left(&profile, username.as_deref(), now.utc);
            self.state.on_left_over(left);
        }
        effect
    }
}
