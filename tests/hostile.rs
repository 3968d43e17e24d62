//! Rules I1, I2 and I4: text of a server is shown escaped, wherever it comes from and wherever it goes.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/raw.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod raw;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod terminal;
#[path = "support/typing.rs"]
mod typing;
#[path = "support/written.rs"]
mod written;

#[path = "hostile/headless.rs"]
mod headless;
#[path = "hostile/page.rs"]
mod page;
#[path = "hostile/server.rs"]
mod server;
