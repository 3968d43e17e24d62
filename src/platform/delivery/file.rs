//! A new file for a secret or a list.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::NotSaved;

/// A file that we made, empty, for its owner only. Removed again when dropped unfilled.
pub struct NewFile {
    path: PathBuf,
    file: File,
    is_filled: bool,
}

impl NewFile {
    /// Makes the file. Never opens one that exists, nor what a link points to.
    pub fn create(path: &Path) -> Result<Self, NotSaved> {
        let file = Self::open(path).map_err(|error| {
            let is_empty = || std::fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0);
            let (what, next) = if error.kind() == io::ErrorKind::AlreadyExists && is_empty() {
                (
                    "already exists, and is empty".to_owned(),
                    "If an interrupted run has left it, delete it. Or name a file that does not exist yet.",
                )
            } else if error.kind() == io::ErrorKind::AlreadyExists {
                ("already exists and will not be overwritten".to_owned(), "Name a file that does not exist yet.")
            } else {
                (format!("can't be created: {error}"), "Name a file in an existing folder that you can write to.")
            };
            NotSaved::refused(format!("the file {} {what}", path.display()), next)
        })?;
        Ok(Self { path: path.to_owned(), file, is_filled: false })
    }

    /// Opens a new file for its owner only, as [`create`](Self::create) does. Fails on a file system that ignores
    /// permissions, such as vfat, CIFS or a Windows disk in WSL: others could read the file.
    pub fn open(path: &Path) -> io::Result<File> {
        let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(path)?;
        let mode = file.metadata()?.mode() & 0o777;
        if mode & !0o700 == 0 {
            return Ok(file);
        }
        let _ = std::fs::remove_file(path);
        Err(io::Error::other(format!("its file system keeps no file private (mode {mode:04o} in place of 0600)")))
    }

    /// Gives it another name, unless something has that name or the file system can't do that.
    #[must_use]
    pub fn renamed(mut self, path: PathBuf) -> Self {
        // A link, unlike a rename, replaces nothing.
        if std::fs::hard_link(&self.path, &path).is_ok() {
            let _ = std::fs::remove_file(&self.path);
            self.path = path;
        }
        self
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes this, through to the disk: file, then folder.
    pub fn fill(mut self, line: &[u8]) -> io::Result<()> {
        fill(&mut self.file, &self.path, line)?;
        self.is_filled = true;
        Ok(())
    }
}

/// Writes to a new file at `path`, and makes sure that both outlive a loss of power.
pub fn fill(file: &mut File, path: &Path, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Some file systems know no sync of a folder: the file itself is safe by now.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let same = |a: &std::fs::Metadata, b: &std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        // Only ours: another one may have been put in its place.
        if !self.is_filled
            && let (Ok(ours), Ok(there)) = (self.file.metadata(), std::fs::symlink_metadata(&self.path))
            && same(&ours, &there)
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn new_private_and_gone_if_not_filled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let file = NewFile::create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(NewFile::create(&path).err().unwrap().why.contains("already exists"));
        drop(file);
        assert!(!path.exists());
        let other = folder.path().join("other");
        let file = NewFile::create(&other).unwrap().renamed(path.clone());
        assert!(path.exists() && !other.exists());
        file.fill(b"sk_x\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"sk_x\n");
        NewFile::create(&other).unwrap().renamed(path.clone()).fill(b"sk_y\n").unwrap();
        assert_eq!([&path, &other].map(|path| std::fs::read(path).unwrap()), [b"sk_x\n", b"sk_y\n"]);
    }

    #[test]
    fn links_and_files_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("secret"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(NewFile::create(&path).is_err());
        assert!(!target.exists());
        std::fs::remove_file(&path).unwrap();
        let file = NewFile::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "another's").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"another's");
    }
}
