//! What each call of the HTTP contract does.

pub mod events;
pub mod exchange;
pub mod health;
pub mod keys;
pub mod list;
pub mod sign_in;
