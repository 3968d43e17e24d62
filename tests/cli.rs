//! The commands without a page: the real binary, an empty home, and real servers.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/fill.rs"]
mod fill;
#[path = "support/mosh.rs"]
#[expect(clippy::expect_used, reason = "a test may fail loudly")]
mod mosh;
#[path = "cli/remote.rs"]
mod remote;
#[path = "cli/stage.rs"]
mod stage;
#[expect(dead_code, reason = "the screen's tests use the rest")]
#[path = "support/terminal.rs"]
mod terminal;
#[path = "support/typing.rs"]
mod typing;

#[path = "cli/asks.rs"]
mod asks;
#[path = "cli/create.rs"]
mod create;
#[path = "cli/delete.rs"]
mod delete;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/exchange.rs"]
mod exchange;
#[path = "cli/guide.rs"]
mod guide;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/surroundings.rs"]
mod surroundings;
#[path = "cli/team.rs"]
mod team;
#[path = "cli/trouble.rs"]
mod trouble;
