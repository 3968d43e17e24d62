//! The servers on one database: which of them may verify access tokens, and until when.

pub(super) mod lease;
pub(super) mod peers;
pub(super) mod revocations;
