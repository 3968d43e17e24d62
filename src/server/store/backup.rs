//! What a backup says of itself, and how it differs from what is there.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub created_at: DateTime<Utc>,
    /// The version of the program that made it.
    pub program: String,
    pub keys: u64,
    pub administrators: u64,
}

/// A backup that was read whole and is not damaged.
pub(crate) struct OpenedBackup {
    pub(crate) manifest: Manifest,
    pub(crate) master_key: Zeroizing<Vec<u8>>,
    /// IDs of keys and their encrypted secrets, to try the master key.
    pub(crate) samples: Vec<(String, Vec<u8>)>,
}

/// What a backup has otherwise than the store that it would replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// In the store.
    pub keys: u64,
    pub administrators: u64,
    /// Whether the store never had anything.
    pub is_new: bool,
    /// Keys of the backup that were deleted since.
    pub deleted_keys: u64,
    /// Keys that were created since.
    pub newer_keys: u64,
    /// Keys that were deactivated since, or whose expiry was brought forward.
    pub revived_keys: u64,
    pub removed_administrators: Vec<String>,
    pub newer_administrators: Vec<String>,
    /// Whose password was changed since.
    pub older_passwords: Vec<String>,
    /// Who has another role since.
    pub other_roles: Vec<String>,
}
