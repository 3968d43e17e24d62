//! Whether a file is still the one at its path.

use std::fs;
use std::fs::Metadata;
use std::io;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file, whatever its path: its device and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    /// The file at `path`, if there is one. It is not opened: closing it would give up the locks of this process.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|about| Self(about.dev(), about.ino()))
    }

    /// Whether what was found at its path is no file, or another one. A path that can't be looked at is no proof of that.
    pub(crate) fn is_gone(self, found: &io::Result<Metadata>) -> bool {
        match found {
            Ok(about) => self != Self(about.dev(), about.ino()),
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }
}
