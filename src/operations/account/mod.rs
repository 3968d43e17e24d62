//! Signing in, and what a server knows of its administrators.

pub(crate) mod administrators;
pub(crate) mod revoke;
pub(crate) mod sessions;
pub mod sign_in;
