//! The database as a file: its version, copies and backups, and what happens to it from outside.

pub(crate) mod backup;
pub(crate) mod copy;
pub(super) mod file_id;
pub(super) mod main_file;
pub(super) mod migrate;
pub(super) mod reserve;
pub(super) mod wal_index;
