//! What a user can do, written once for the page, plain lines and commands.

pub(crate) mod access;
pub mod account;
pub mod actions;
pub mod connect;
pub mod context;
pub mod deliver;
pub mod diagnose;
pub mod failure;
pub mod format;
pub mod handover;
pub mod keys;
pub(crate) mod messages;
pub mod output;
pub(crate) mod permissions;
pub mod prompts;
pub mod tokens;
