//! Listeners, connections and their limits.

pub mod connection_limiter;
pub mod connections;
pub mod explained;
pub mod limits;
pub mod line_limiter;
pub mod listen_addr;
pub mod listener;
pub mod private_socket;
pub mod request_body;
pub mod throttle;
pub mod tls;
pub mod trusted_proxies;
