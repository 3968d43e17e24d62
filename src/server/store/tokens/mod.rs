//! What access tokens and secrets rest on: revocations, signing keys, master keys.

pub(super) mod master_keys;
pub(super) mod revocations;
pub(super) mod signing_keys;
