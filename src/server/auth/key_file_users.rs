//! Which running processes read the master key of a data folder from a file that was named, and where that is: a rotation
//! puts the next key beside one file only.

use std::ffi::OsStr;
use std::fs;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::platform::regular_file;

/// What the names of the files begin with by which processes tell each other. Each holds the path of a master key, and is
/// locked by its process as long as that runs.
const PREFIX: &str = ".master-key-at-";

/// Tells other processes where this one reads its master key, until it is dropped.
pub(crate) struct KeyFileUser {
    _told: NamedTempFile,
}

impl KeyFileUser {
    /// Tells that this process works on the data in `folder` with the master key in `file`.
    pub(super) fn register(folder: &Path, file: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let mut told = builder.prefix(PREFIX).permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        // Locked first: what has a path in it and is not locked is of a process that has ended.
        told.as_file().lock()?;
        told.write_all(place(file).as_os_str().as_bytes())?;
        Ok(Self { _told: told })
    }
}

/// Where a running process that works on the data in `folder` reads its master key, if that is a file that was named, and
/// not `file`.
pub(crate) fn another_file_in_use(folder: &Path, file: &Path) -> io::Result<Option<PathBuf>> {
    let ours = place(file);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes())) {
            continue;
        }
        let mut told = match regular_file::open_no_follow(OpenOptions::new().read(true), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            told => told?,
        };
        let is_running = match told.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        let file = read(&mut told)?;
        match is_running {
            true if file != ours => return Ok(Some(file)),
            false if !file.as_os_str().is_empty() => drop(fs::remove_file(&path)),
            _ => {}
        }
    }
    Ok(None)
}

fn read(told: &mut File) -> io::Result<PathBuf> {
    let mut path = Vec::new();
    told.read_to_end(&mut path)?;
    Ok(std::ffi::OsString::from_vec(path).into())
}

/// The file by its folder as it really is: the next key is beside it, and not beside what it may be a link to.
fn place(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
    parent.join(file.file_name().unwrap_or(OsStr::new("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_run_and_have_another_file_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (folder.path().join("a.key"), folder.path().join("b.key"));
        let elsewhere = || another_file_in_use(folder.path(), &ours).unwrap();
        assert_eq!(elsewhere(), None);
        let same = KeyFileUser::register(folder.path(), &folder.path().join("./a.key")).unwrap();
        assert_eq!(elsewhere(), None);
        let user = KeyFileUser::register(folder.path(), &other).unwrap();
        assert_eq!(elsewhere(), Some(place(&other)));
        drop((same, user));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
        // As after `kill -9`: the file is there, and its lock is not.
        let left = folder.path().join(format!("{PREFIX}left"));
        fs::write(&left, place(&other).as_os_str().as_bytes()).unwrap();
        assert_eq!(elsewhere(), None);
        assert!(!left.exists());
    }
}
