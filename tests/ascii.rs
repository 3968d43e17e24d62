//! The screen where the terminal has nothing but ASCII. Alone in its process, as the charset is the process's.

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
#[expect(dead_code, reason = "other tests need the rest")]
#[path = "screens/stage.rs"]
mod stage;
#[path = "support/typing.rs"]
mod typing;

#[path = "ascii/pictures.rs"]
mod pictures;
