//! What the store promises about what tokens are made and checked with.

pub(crate) mod master_keys;
pub(crate) mod revocations;
pub(crate) mod signing_keys;
