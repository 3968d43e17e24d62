//! `latchkey login` and `logout`: the real program against an API that notes what it is asked.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/authority.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod authority;
#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/mock.rs"]
mod mock;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod terminal;
#[path = "support/typing.rs"]
mod typing;

#[path = "login/asked.rs"]
mod asked;
#[path = "login/environment.rs"]
mod environment;
#[path = "login/passportal.rs"]
mod passportal;
#[path = "login/sessions.rs"]
mod sessions;
#[path = "login/stage.rs"]
mod stage;
