//! Creating a key.

pub mod send;
