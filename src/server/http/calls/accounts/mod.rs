//! Administrators: signing in and out, sessions and passwords.

pub mod admins;
pub mod password;
pub mod sessions;
pub mod sign_in;
