//! Listeners, connections and their limits.

pub mod connection_limiter;
pub mod connections;
pub mod limits;
pub mod listen_addr;
pub mod listener;
pub mod private_socket;
pub mod throttle;
pub mod tls;
