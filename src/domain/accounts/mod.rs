//! Who acts, with which role, and on which server.

pub(super) mod identity;
pub(super) mod profile;
pub(super) mod role;
