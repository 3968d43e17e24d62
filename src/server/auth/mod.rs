//! Credentials on the server: passwords, sessions, access tokens and the master key.

pub(crate) mod decoy;
pub(crate) mod device_token;
pub mod newest_first;
pub mod passwords;
pub(crate) mod sessions;
pub(crate) mod signing_key;
pub(crate) mod signing_keys;
pub mod token;
pub mod username;
pub mod vault;
