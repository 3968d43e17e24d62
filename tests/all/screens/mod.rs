//! A picture of every screen and state, at 80x24 and at a small size; of some at a large one.
//!
//! Times of the machine's zone are masked, digit for digit. To look at changed pictures: `cargo insta review`,
//! or run with `INSTA_UPDATE=always` and read the difference.

mod admins;
mod ascii;
mod bulk;
mod dialogs;
mod history;
mod looks;
mod page;
mod rotation;
mod said;
mod servers;
mod stage;
mod tokens;
mod views;
