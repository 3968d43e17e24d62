//! What happened to keys: their history, their uses and refusals.

pub mod history;
pub mod refusals;
pub(crate) mod usage;
