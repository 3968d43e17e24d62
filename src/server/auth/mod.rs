//! Credentials on the server: passwords, access tokens and the master key.

pub mod passwords;
pub mod token;
pub mod username;
pub mod vault;
