//! Signing in, servers, administrators and sessions.

pub(super) mod admins;
pub(super) mod password;
pub(super) mod profiles;
pub(super) mod sessions;
pub(super) mod sign_in;
