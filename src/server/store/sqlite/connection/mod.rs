//! Connections to the database file, and what waits for what.

pub(super) mod cancel;
pub(super) mod connect;
pub(super) mod connections;
pub(super) mod grouped;
pub(super) mod lanes;
