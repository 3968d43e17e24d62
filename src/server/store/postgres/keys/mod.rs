//! Keys: their rows, how they are listed, changed and counted.

pub(super) mod counts;
pub(super) mod digests;
pub(super) mod edit;
pub(super) mod grams;
pub(super) mod list;
pub(super) mod rotation;
pub(super) mod row;
pub(super) mod undelivered;
pub(super) mod usage;
