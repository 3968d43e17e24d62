//! What each call of the HTTP contract does.

pub mod admins;
pub mod events;
pub mod exchange;
pub(crate) mod handovers;
pub mod health;
pub(crate) mod identify;
pub mod keys;
pub mod list;
pub mod password;
pub(crate) mod rotation;
pub mod sealed;
pub mod sessions;
pub mod sign_in;
pub mod signing_key;
pub(crate) mod usage;
