//! What is known of a request before its call is made: who sent it, and what it asks for.

pub mod client_addr;
pub mod cursor;
pub mod fields;
pub mod list_limiter;
pub mod request_id;
pub mod running_creates;
pub mod session;
