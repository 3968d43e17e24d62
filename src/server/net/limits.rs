//! Limits of the team server.

use std::time::Duration;

/// Limits of the team server, which keep one client from using up what all need.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum size of a request's headers, in bytes.
    pub header_bytes: usize,
    /// How long a client may take to send a head, or to begin the next one.
    pub header_time: Duration,
    /// How long a request may take in all, its body included; and how long a client may leave an answer unread.
    pub request_time: Duration,
    /// How many connections at once.
    pub connections: usize,
    /// How many of them from one IPv4 address or one IPv6 network of 64 bits, unless a proxy is in front.
    pub of_network: usize,
    /// How long running requests may take to finish when the server stops.
    pub stop_time: Duration,
}

impl Limits {
    /// Twice what a session token, the cookies of a proxy and the headers of a browser need.
    pub const HEADER_BYTES: usize = 16 * 1024;
    /// The least that hyper's `max_buf_size` takes.
    pub const FEWEST_HEADER_BYTES: usize = 8 * 1024;
    /// Enough for a head on the slowest link; a client that sends byte by byte holds a connection no longer.
    pub const HEADER_TIME: Duration = Duration::from_secs(10);
    /// Three times what the slowest search of a million keys takes.
    pub const REQUEST_TIME: Duration = Duration::from_secs(30);
    /// Half of the 1,024 file descriptors that systemd gives by default.
    pub const CONNECTIONS: usize = 512;
    /// An eighth of all, so that one client leaves most of them to others.
    pub const OF_NETWORK: usize = 64;
    /// Less than the 90 s after which systemd kills a service.
    pub const STOP_TIME: Duration = Duration::from_secs(20);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: Self::HEADER_BYTES,
            header_time: Self::HEADER_TIME,
            request_time: Self::REQUEST_TIME,
            connections: Self::CONNECTIONS,
            of_network: Self::OF_NETWORK,
            stop_time: Self::STOP_TIME,
        }
    }
}
