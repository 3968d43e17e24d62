//! What the program leaves behind: in memory, in core dumps, in files, in the environment, after crashes.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test may fail loudly")]

#[path = "support/authority.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod authority;
#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/hanging.rs"]
mod hanging;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/openapi.rs"]
mod openapi;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/served.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod served;
#[path = "support/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod support;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod terminal;
#[path = "support/typing.rs"]
mod typing;

#[path = "traces/forgets.rs"]
mod forgets;
#[path = "traces/killed.rs"]
mod killed;
#[path = "traces/refused.rs"]
mod refused;
#[path = "traces/words.rs"]
mod words;
