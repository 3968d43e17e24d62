//! What each call of the HTTP contract does.

pub mod accounts;
pub mod events;
pub mod exchange;
pub(crate) mod handovers;
pub mod health;
pub(crate) mod identify;
pub mod keys;
pub mod list;
pub(crate) mod rotation;
pub mod sealed;
pub mod signing_key;
pub(crate) mod usage;
