//! What a program leaves in files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::support::terminal::contains;

/// Every plain file below a folder. The program may be writing there meanwhile.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(below(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// The files below a folder that hold this text. There must be files: a search in none proves nothing.
#[track_caller]
pub fn with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = below(folder);
    assert!(!found.is_empty(), "{} has no files", folder.display());
    found.retain(|file| contains(&fs::read(file).unwrap_or_default(), text.as_bytes()));
    found
}

/// Fails if a file below a folder holds this secret, token or password.
#[track_caller]
pub fn lack(folder: &Path, secret: &str) {
    assert_eq!(with(folder, secret), Vec::<PathBuf>::new(), "the secret is in a file");
}

/// Writes a file that only this user can read.
pub fn write_private(path: &Path, content: impl AsRef<[u8]>) {
    let _ = fs::remove_file(path);
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.unwrap().write_all(content.as_ref()).unwrap();
}

/// Creates a folder that only this user can use.
pub fn private_folder(path: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).unwrap();
}
