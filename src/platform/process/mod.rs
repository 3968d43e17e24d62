//! What is done for this process: memory, signals, panics, users, and what it takes from the system.

pub mod boot_time;
pub(crate) mod harden;
pub(crate) mod home;
pub mod log_queue;
pub(crate) mod panics;
pub mod random;
pub(crate) mod signal_guard;
pub(crate) mod signals;
pub(crate) mod users;
