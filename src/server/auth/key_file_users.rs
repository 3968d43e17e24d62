//! Which running processes read the master key of a data folder from a named file, and from which one: a rotation puts the
//! next key beside one file only.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::platform::regular_file;

/// How the names of registrations begin. Each is a file that holds the path of a master key, and that its process keeps
/// locked while it runs.
const PREFIX: &str = ".master-key-at-";
/// How its name begins until it is locked and written.
const UNFINISHED: &str = ".master-key-new-";

/// The registration of this process. Removed when dropped.
pub(crate) struct KeyFileUser {
    path: PathBuf,
    _locked: File,
}

impl KeyFileUser {
    /// Registers that this process works on the data in `folder` with the master key in `file`.
    pub(super) fn register(folder: &Path, file: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let mut registration =
            builder.prefix(UNFINISHED).permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
        registration.as_file().lock()?;
        registration.write_all(resolved(file).as_os_str().as_bytes())?;
        let name = registration.path().file_name().unwrap_or_default().to_string_lossy().replace(UNFINISHED, PREFIX);
        let path = folder.join(name);
        Ok(Self { _locked: registration.persist_noclobber(&path)?, path })
    }
}

impl Drop for KeyFileUser {
    fn drop(&mut self) {
        // Should it fail, it is no longer locked, and the next rotation removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Where running processes that work on the data in `folder` read their master keys, of those that have a named file.
pub(crate) fn files_in_use(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes())) {
            continue;
        }
        let mut registration = match regular_file::open_no_follow(OpenOptions::new().read(true), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match registration.try_lock() {
            Ok(()) => drop(fs::remove_file(&path)),
            Err(TryLockError::WouldBlock) => files.push(read(&mut registration)?),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(files)
}

fn read(registration: &mut File) -> io::Result<PathBuf> {
    let mut path = Vec::new();
    registration.read_to_end(&mut path)?;
    Ok(OsString::from_vec(path).into())
}

/// The file by its folder as it really is: the next key is beside it, and not beside what it may be a link to.
pub(crate) fn resolved(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
    parent.join(file.file_name().unwrap_or(OsStr::new("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_running_processes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (folder.path().join("a.key"), folder.path().join("b.key"));
        let in_use = || files_in_use(folder.path()).unwrap();
        assert!(in_use().is_empty());
        let same = KeyFileUser::register(folder.path(), &folder.path().join("./a.key")).unwrap();
        assert_eq!(in_use(), [resolved(&ours)]);
        let user = KeyFileUser::register(folder.path(), &other).unwrap();
        assert_eq!(in_use().len(), 2);
        drop(same);
        assert_eq!(in_use(), [resolved(&other)]);
        drop(user);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
        // As after `kill -9`: the file is there, and its lock is not.
        let left = folder.path().join(format!("{PREFIX}left"));
        fs::write(&left, resolved(&other).as_os_str().as_bytes()).unwrap();
        assert!(in_use().is_empty());
        assert!(!left.exists());
    }
}
