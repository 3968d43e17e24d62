//! What is used instead of a key that does not exist, so that its refusal takes as long.

/// As long as an ID, and never one.
pub(crate) const KEY_ID: &str = "PK------------------";

/// As long as a secret, and never one.
pub(crate) const SECRET: &str = "sk_0000000000000000000000000000000000000000000000000";
