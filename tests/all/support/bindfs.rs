//! A folder seen through FUSE, as other file systems would show it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that shows another one, until it is dropped.
pub struct Mounted {
    pub folder: PathBuf,
}

impl Mounted {
    /// Shows `below` at `folder`; both are created where they are missing. `options` say how: see bindfs(1).
    pub fn new(below: &Path, folder: &Path, options: &[&str]) -> Self {
        fs::create_dir_all(below).unwrap();
        fs::create_dir_all(folder).unwrap();
        let bindfs = Command::new("bindfs").args(options).args([below, folder]).output();
        let bindfs = bindfs.expect("apt-get install bindfs");
        assert!(bindfs.status.success(), "{bindfs:?}");
        Self { folder: folder.to_owned() }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("fusermount").arg("-u").arg(&self.folder).output();
    }
}
