//! Reaching the database: where it is, TLS, and the few connections that are kept.

pub(super) mod address;
pub(super) mod connection;
pub(super) mod tls;
