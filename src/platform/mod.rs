//! The machine: terminal state, signals, surroundings, prompts, clipboards, files and commands that take a secret,
//! hardening.

pub mod boot_time;
pub mod clipboard;
pub mod decoder;
pub mod delivery;
pub(crate) mod harden;
pub(crate) mod home;
pub mod log_queue;
pub(crate) mod panics;
pub(crate) mod prompt;
pub mod random;
pub(crate) mod raw_mode;
pub(crate) mod regular_file;
pub(crate) mod secret_input;
pub(crate) mod signal_guard;
pub(crate) mod signals;
pub mod surroundings;
pub mod terminal_kind;
pub(crate) mod text;
pub(crate) mod users;
