//! What a user can do, written once for the page, plain lines and commands.

pub(crate) mod access;
pub mod actions;
pub(crate) mod activate;
pub(crate) mod administrators;
pub mod bulk;
pub(crate) mod changes;
pub mod connect;
pub mod context;
pub mod create;
pub(crate) mod delete;
pub mod deliver;
pub mod diagnose;
pub(crate) mod edit;
pub mod expiry;
pub mod failure;
pub mod format;
pub mod history;
pub mod input;
pub(crate) mod interrupt;
pub(crate) mod list;
pub(crate) mod messages;
pub mod output;
pub mod overview;
pub mod pending;
pub(crate) mod permissions;
pub(crate) mod prompter;
pub(crate) mod revoke;
#[cfg(test)]
mod scripted;
pub(crate) mod sessions;
pub mod sign_in;
pub(crate) mod since;
pub mod tokens;
pub(crate) mod usage;
pub(crate) mod views;
