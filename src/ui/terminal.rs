//! The terminal.
mod decoder;
