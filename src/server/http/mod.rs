//! The HTTP contract: the calls, and what goes for all of them.

pub mod access_log;
pub mod calls;
pub mod client_addr;
pub mod cursor;
pub mod failure;
pub mod fields;
pub(crate) mod in_force;
pub mod list_limiter;
pub mod readiness;
pub mod request_id;
pub mod router;
pub mod routes;
pub mod running_creates;
pub mod scrape;
pub(crate) mod service;
pub mod session;
pub mod wire;
