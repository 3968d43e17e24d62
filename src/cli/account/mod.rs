//! Commands about the administrator: signing in and out, sessions, the password.

pub(super) mod login;
pub(super) mod passwd;
pub(super) mod revoke;
pub(super) mod sessions;
