//! Files that must be files: opening a FIFO that has taken the place of one would block until another
//! process writes to it, and signals would not be handled meanwhile.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a regular file and refuses anything else at once.
pub fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    open_with(options, OFlags::empty(), path)
}

/// As [`open`], and refuses a symbolic link with `ELOOP`.
pub fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    open_with(options, OFlags::NOFOLLOW, path)
}

fn open_with(options: &mut OpenOptions, flags: OFlags, path: &Path) -> io::Result<File> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    match options.custom_flags((flags | OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()).open(path) {
        // A FIFO that nothing reads, or a socket; a folder.
        Err(error)
            if [Errno::NXIO, Errno::ISDIR].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) =>
        {
            Err(refused())
        }
        Ok(file) if !file.metadata()?.is_file() => Err(refused()),
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (fifo, link, file) = (folder.path().join("fifo"), folder.path().join("link"), folder.path().join("file"));
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::fs::write(&file, "x").unwrap();
        for path in [&fifo, folder.path(), Path::new("/dev/null")] {
            for options in [OpenOptions::new().read(true), OpenOptions::new().write(true)] {
                let refused = open(options, path).unwrap_err();
                assert_eq!(refused.to_string(), "it is not a regular file", "{}", path.display());
            }
        }
        assert!(open(OpenOptions::new().read(true), &link).is_ok());
        let refused = open_no_follow(OpenOptions::new().read(true), &link).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(Errno::LOOP.raw_os_error()));
    }
}
