//! The machine: terminal state, signals, surroundings, prompts, clipboards, files and commands that take a secret,
//! hardening.

pub mod clipboard;
pub mod decoder;
pub mod delivery;
pub mod process;
pub(crate) mod prompt;
pub(crate) mod raw_mode;
pub(crate) mod regular_file;
pub(crate) mod secret_input;
pub mod surroundings;
pub mod terminal_kind;
pub(crate) mod text;
