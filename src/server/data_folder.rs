//! A data folder: the database, and beside it the master key that the secrets in it are encrypted with.

use std::fs;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::auth::vault::{MasterKeyError, Vault};
use super::store::{Store, StoreError};

/// What a server works on: a store, and the master key of its secrets.
pub struct DataFolder {
    pub store: Store,
    /// The master key.
    pub vault: Vault,
}

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("other users may write to {0}: restrict it to yourself (chmod 700) and start again")]
    WritableByOthers(PathBuf),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DataFolder {
    /// Opens `folder`; creates folder, database and master key where they are missing.
    pub async fn open(folder: &Path) -> Result<Self, DataError> {
        own_folder(folder)?;
        let store = Store::open_sqlite(folder.join("keys.db")).await?;
        let sample = store.encrypted_sample().await?;
        let path = folder.join("master.key");
        let vault = Vault::open(&path, sample.is_some())?;
        if sample.is_some_and(|(id, encrypted)| vault.decrypt(&id, &encrypted).is_none()) {
            let why = "it belongs to another database; restore both from the same backup";
            return Err(MasterKeyError::Refused { path, why }.into());
        }
        Ok(Self { store, vault })
    }

    /// Whether `folder` has data.
    pub fn exists(folder: &Path) -> bool {
        folder.join("keys.db").exists()
    }
}

/// Creates the folder for this user alone, or checks that no one else can put files into it.
fn own_folder(folder: &Path) -> Result<(), DataError> {
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(StoreError::files(folder))?;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(StoreError::files(folder))?;
    }
    let mode = fs::metadata(folder).map_err(StoreError::files(folder))?.mode();
    if mode & 0o022 == 0 { Ok(()) } else { Err(DataError::WritableByOthers(folder.to_owned())) }
}
