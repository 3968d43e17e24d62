//! Space on the disk that is set aside, so that keys can be revoked when the disk is full.

use std::fs;
use std::fs::{File, OpenOptions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::platform::regular_file;
use crate::server::store::error::StoreError;

/// What some hundreds of revocations write, in bytes.
const BYTES: u64 = 1024 * 1024;

/// A file beside the database that takes up space. It is deleted when a revocation needs that space, and until it can be
/// made again nothing else is stored.
pub(crate) struct Reserve(PathBuf);

impl Reserve {
    pub(crate) fn beside(database: &Path) -> Self {
        Self(database.with_extension("reserve"))
    }

    /// Sets the space aside, unless that is done. Fails if there is none; a file system that can't do it goes without.
    pub(crate) fn make(&self) -> Result<(), StoreError> {
        if fs::symlink_metadata(&self.0).is_ok_and(|about| about.is_file() && about.size() >= BYTES) {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        match regular_file::open_no_follow(options, &self.0).and_then(|file| fill(&file)) {
            Err(error) if [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&error.kind()) => {
                self.give_back();
                Err(StoreError::Full)
            }
            _ => Ok(()),
        }
    }

    /// Frees the space; false if there is none.
    pub(crate) fn give_back(&self) -> bool {
        fs::remove_file(&self.0).is_ok()
    }
}

fn fill(file: &File) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, BYTES) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            // What can't be compressed takes the space that it is meant to.
            let mut file = file;
            let mut bytes = vec![0; usize::try_from(BYTES).unwrap_or_default()];
            getrandom::fill(&mut bytes)?;
            file.write_all(&bytes)?;
            file.sync_all()
        }
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::sqlite::file::reserve::*;

    #[test]
    fn it_takes_space_and_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&folder.path().join("keys.db"));
        assert!(!reserve.give_back());
        reserve.make().unwrap();
        let about = fs::metadata(folder.path().join("keys.reserve")).unwrap();
        assert_eq!((about.size(), about.mode() & 0o777), (BYTES, 0o600));
        assert!(about.blocks() * 512 >= BYTES, "it is no hole");
        reserve.make().unwrap();
        assert!(reserve.give_back() && !reserve.give_back());
    }

    #[test]
    fn nothing_in_its_place_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("keys.reserve")).unwrap();
        Reserve::beside(&folder.path().join("keys.db")).make().unwrap();
        assert_eq!(fs::read_to_string(other).unwrap(), "mine");
    }
}
