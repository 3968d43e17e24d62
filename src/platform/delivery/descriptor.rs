//! A file descriptor that was open when this process was started.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};

use rustix::fs::OFlags;
use tokio::net::unix::pipe::Sender;

use super::NotSaved;

const OPEN_IT: &str = "Open it for writing in the shell, as in 3>file or 3> >(command).";

/// An open file descriptor: a pipe, a socket's like, or a file that was opened for writing. Not a terminal, which a
/// recorder sees.
pub struct Descriptor {
    number: u32,
    file: File,
}

/// Whether the parent process has opened this descriptor for writing. The name under `/proc/self/fd` would also open
/// what was opened for reading alone, and descriptors that are our own: those are closed on exec, an inherited one is
/// not. `flags` is in octal, its last two bits the access mode (proc(5)).
fn is_given_for_writing(number: u32) -> bool {
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| matches!(flags & 3, 1 | 2) && flags & OFlags::CLOEXEC.bits() == 0)
}

impl Descriptor {
    /// Looks at a descriptor of ours, by its name under `/proc/self/fd` (proc(5)): it never takes
    /// over a descriptor that is in use elsewhere.
    pub fn open(number: u32) -> Result<Self, NotSaved> {
        let refuse =
            |what: String, next: &'static str| NotSaved::refused(format!("file descriptor {number} {what}"), next);
        if number < 3 {
            let next = "Name another, such as --secret-fd 3 with 3>&1 or 3>file in the shell.";
            return Err(refuse("is standard input, output or error".into(), next));
        }
        if !is_given_for_writing(number) {
            return Err(refuse("is not open for writing".into(), OPEN_IT));
        }
        // Without a reader a pipe would make us wait for ever.
        let no_wait = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let opened = OpenOptions::new().append(true).custom_flags(no_wait).open(format!("/proc/self/fd/{number}"));
        let file = opened.map_err(|error| refuse(format!("cannot be written to: {error}"), OPEN_IT))?;
        let is_device = file.metadata().is_ok_and(|meta| meta.file_type().is_char_device());
        if is_device {
            return Err(refuse("is a terminal or another device".into(), "Name a pipe or a file."));
        }
        Ok(Self { number, file })
    }

    pub const fn number(&self) -> u32 {
        self.number
    }

    /// A pipe to write to, which may have to wait for its reader; or it again if it is a file.
    pub fn into_pipe(self) -> io::Result<Result<Sender, Self>> {
        if self.file.metadata()?.file_type().is_fifo() { Sender::from_file(self.file).map(Ok) } else { Ok(Err(self)) }
    }

    /// Writes this to a file.
    pub fn fill(mut self, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)?;
        self.file.sync_all()
    }
}
