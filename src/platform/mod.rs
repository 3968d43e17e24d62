//! The machine: terminal state, signals, surroundings, prompts, clipboards, files and commands that take a secret,
//! hardening.

pub mod clipboard;
pub mod delivery;
pub mod harden;
pub mod panics;
pub mod prompt;
pub mod raw_mode;
pub mod secret_input;
pub mod signal_guard;
pub mod signals;
pub mod surroundings;
pub mod terminal_kind;
