//! The calls of the HTTP contract.

pub mod access_log;
pub mod client_addr;
pub mod cursor;
pub mod events;
pub mod exchange;
pub mod failure;
pub mod fields;
pub mod keys;
pub mod list;
pub mod router;
pub mod routes;
pub mod running_creates;
pub mod session;
pub mod sign_in;
pub mod wire;
