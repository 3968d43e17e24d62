//! Whole stories by key script, against the real server.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/fill.rs"]
mod fill;
#[path = "support/hands.rs"]
mod hands;
#[path = "support/memory_page.rs"]
mod memory_page;
#[path = "support/typing.rs"]
mod typing;

#[path = "flows/cat.rs"]
mod cat;
#[path = "flows/clocks.rs"]
mod clocks;
#[path = "flows/create.rs"]
mod create;
#[path = "flows/keys.rs"]
mod keys;
#[path = "flows/list.rs"]
mod list;
#[path = "flows/servers.rs"]
mod servers;
#[path = "flows/team.rs"]
mod team;
#[path = "flows/tokens.rs"]
mod tokens;
#[path = "flows/trouble.rs"]
mod trouble;

#[path = "flows/watched.rs"]
mod watched;

use bench::Bench;
