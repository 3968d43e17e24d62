//! What is answered: JSON, errors and headers, and the line in the log.

pub mod access_log;
pub mod failure;
pub(crate) mod in_force;
pub mod wire;
