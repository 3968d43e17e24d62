//! Credentials on the server: passwords, sessions, access tokens and the master key.

pub(crate) mod decoy;
pub(crate) mod device_token;
pub mod key_file;
pub(crate) mod key_file_users;
pub(crate) mod master_key;
pub mod newest_first;
pub mod passwords;
pub(crate) mod sessions;
pub(crate) mod signing_key;
pub(crate) mod signing_keys;
pub mod token;
pub mod username;
pub mod vault;
