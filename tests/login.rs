//! `latchkey login` and `logout`: the real program against an API that notes what it is asked.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/authority.rs"]
mod authority;
#[path = "support/mock.rs"]
mod mock;

#[path = "login/environment.rs"]
mod environment;
#[path = "login/sessions.rs"]
mod sessions;
#[path = "login/stage.rs"]
mod stage;
