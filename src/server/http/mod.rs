//! The HTTP contract: the calls, and what goes for all of them.

pub mod calls;
pub mod readiness;
pub mod request;
pub mod response;
pub mod router;
pub mod routes;
pub mod scrape;
pub(crate) mod service;
