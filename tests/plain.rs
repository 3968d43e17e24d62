//! Plain lines: the real binary in a real pseudo-terminal that knows nothing but lines, behind pipes, and under `expect`.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/fill.rs"]
mod fill;
#[path = "support/hanging.rs"]
mod hanging;
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

#[path = "plain/stage.rs"]
mod stage;

#[path = "plain/by_hand.rs"]
mod by_hand;
#[path = "plain/ends.rs"]
mod ends;
#[path = "plain/expect.rs"]
mod expect;
#[path = "plain/hostile.rs"]
mod hostile;
#[path = "plain/keys.rs"]
mod keys;
#[path = "plain/left_over.rs"]
mod left_over;
#[path = "plain/piped.rs"]
mod piped;
#[path = "plain/secrets.rs"]
mod secrets;
#[path = "plain/slow.rs"]
mod slow;
#[path = "plain/team.rs"]
mod team;
#[path = "plain/tokens.rs"]
mod tokens;
