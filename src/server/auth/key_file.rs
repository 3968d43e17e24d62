//! The file of a master key: made once, and refused if others could read it.

use std::env;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use super::master_key::{MASTER_KEY_BYTES, MasterKey, MasterKeyBytes};
use crate::platform::regular_file;

/// Why a master key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("can't use {path}: {source}; check that the folder exists and that you can write to it")]
    Files { path: PathBuf, source: io::Error },
    #[error(
        "the file {0} is missing, and without it no secret can be decrypted: put it back, or restore a backup with latchkey restore --replace"
    )]
    Missing(PathBuf),
    /// A file that was named, which is not made.
    #[error(
        "there is no master key in {0}: check the name, or make one for new keys with (umask 077; head -c 64 /dev/urandom > FILE)"
    )]
    NotMade(PathBuf),
    /// The file is not safe to use, or does not belong to the database.
    #[error("can't use the master key {path}: {why}")]
    Refused {
        path: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    #[error("the system's random number generator failed: {0}")]
    Random(#[from] getrandom::Error),
}

impl MasterKeyError {
    pub(super) fn files(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Files { path, source }
    }
}

/// Where a master key is.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    /// Whether it was named, and is not in the data folder.
    pub(crate) is_named: bool,
}

impl KeyFile {
    /// The file that is named, else that in a data folder.
    pub(crate) fn of(folder: &Path, named: Option<&Path>) -> Self {
        Self { path: named.map_or_else(|| folder.join("master.key"), Path::to_owned), is_named: named.is_some() }
    }

    /// Why it can't be read if it is not there.
    pub(crate) fn missing(&self) -> MasterKeyError {
        let of = if self.is_named { MasterKeyError::NotMade } else { MasterKeyError::Missing };
        of(self.path.clone())
    }

    /// The ID of the key in it.
    pub(crate) fn key_id(&self) -> Result<String, MasterKeyError> {
        Ok(MasterKey::new(&*self.read()?).id)
    }

    /// Where the next key is during a rotation: beside it.
    pub(crate) fn next(&self) -> Self {
        let mut path = self.path.clone().into_os_string();
        path.push(".new");
        Self { path: path.into(), is_named: self.is_named }
    }

    /// Whether it is one of systemd's credentials (systemd.exec(5), `LoadCredential=`): root's, and readable for the
    /// service by a rule that shows as its group's.
    fn is_credential(&self) -> bool {
        env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| self.path.parent() == Some(Path::new(&folder)))
    }

    /// Reads it. Refuses a file that others could have written or read.
    pub(crate) fn read(&self) -> Result<Zeroizing<MasterKeyBytes>, MasterKeyError> {
        let path = self.path.as_path();
        let refuse = |why| MasterKeyError::Refused { path: path.to_owned(), why };
        let mut options = OpenOptions::new();
        let options = options.read(true);
        // What is named may be a link of the one who named it.
        let opened =
            if self.is_named { regular_file::open(options, path) } else { regular_file::open_no_follow(options, path) };
        let file = match opened {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(refuse("it is a symbolic link; put the file itself there"));
            }
            other => other.map_err(MasterKeyError::files(path))?,
        };
        let meta = file.metadata().map_err(MasterKeyError::files(path))?;
        let is_credential = self.is_credential();
        if meta.uid() != rustix::process::geteuid().as_raw() && !(is_credential && meta.uid() == 0) {
            return Err(refuse("it is not a file of yours; change its owner"));
        }
        if meta.mode() & if is_credential { 0o037 } else { 0o077 } != 0 {
            return Err(refuse(
                "others can read it; restrict it (chmod 600) and treat the secrets that it protects as compromised",
            ));
        }
        whole(file, &meta).ok_or_else(|| {
            refuse("it does not have 64 bytes; put the right one back, or restore a backup with latchkey restore --replace")
        })
    }
}

fn whole(mut file: File, meta: &Metadata) -> Option<Zeroizing<MasterKeyBytes>> {
    let mut bytes = Zeroizing::new([0; MASTER_KEY_BYTES]);
    let is_whole = meta.len() == bytes.len() as u64 && file.read_exact(bytes.as_mut_slice()).is_ok();
    is_whole.then_some(bytes)
}

/// Writes a random key beside `path` and moves it there: of two processes, one wins and both use its key.
pub(crate) fn create(path: &Path) -> Result<(), MasterKeyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut bytes = Zeroizing::new([0; MASTER_KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice())?;
    let written = (|| {
        let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        file.as_file().set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes.as_slice())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => {}
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {}
            // Neither renames without replacing nor has hard links, as some FUSE file systems: then the file is written
            // in its place.
            Err(_) => match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
                Ok(mut file) => {
                    file.write_all(bytes.as_slice())?;
                    file.sync_all()?;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            },
        }
        File::open(folder)?.sync_all()
    })();
    bytes.zeroize();
    written.map_err(MasterKeyError::files(path))
}
