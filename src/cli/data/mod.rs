//! Commands about the data: backups, the database, the master key.

pub(super) mod backup;
pub(super) mod db;
pub(super) mod server;
