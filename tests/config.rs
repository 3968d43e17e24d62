//! The settings: what they mean, and what is said of those that are wrong.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "config/choice.rs"]
mod choice;
#[path = "config/meaning.rs"]
mod meaning;
#[path = "config/stage.rs"]
mod stage;
#[path = "config/wrong.rs"]
mod wrong;
