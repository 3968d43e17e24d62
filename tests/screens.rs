//! A picture of every screen and state, at 80x24 and at a small size; of some at a large one.
//!
//! Times of the machine's zone are masked, digit for digit. To look at changed pictures: `cargo insta review`,
//! or run with `INSTA_UPDATE=always` and read the difference.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/hands.rs"]
mod hands;
#[path = "support/look.rs"]
mod look;
#[path = "support/mask.rs"]
mod mask;
#[path = "support/memory_page.rs"]
mod memory_page;
#[path = "support/picture.rs"]
mod picture;
#[path = "support/typing.rs"]
mod typing;

#[path = "screens/dialogs.rs"]
mod dialogs;
#[path = "screens/looks.rs"]
mod looks;
#[path = "screens/page.rs"]
mod page;
#[path = "screens/said.rs"]
mod said;
#[path = "screens/servers.rs"]
mod servers;
#[path = "screens/stage.rs"]
mod stage;
#[path = "screens/tokens.rs"]
mod tokens;
