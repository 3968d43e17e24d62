//! The ways of a secret or a list out of the program that no recorder of the terminal sees: a new file, an open file
//! descriptor, and a command's standard input. Each is tried before it is needed.

mod command;
mod descriptor;
mod file;

use std::path::Path;

use zeroize::Zeroizing;

pub use command::{CommandOutput, OutputMode, PipeCommand};
pub use descriptor::Descriptor;
pub use file::{NewFile, fill};

use crate::domain::Untrusted;

/// Why nothing was saved: a secret is still here.
#[derive(Debug)]
pub struct NotSaved {
    /// What went wrong, for the middle of a sentence.
    pub why: String,
    /// What to do, in a sentence; empty if that is clear.
    pub next: &'static str,
    /// What the command printed, if that was kept.
    pub output: Untrusted,
    /// Whether the destination was there, and failed when it was written to.
    pub was_tried: bool,
}

impl NotSaved {
    /// A destination that failed.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), next: "", output: Untrusted::default(), was_tried: true }
    }

    /// A destination that was found to be of no use before anything was given to it.
    fn refused(why: impl Into<String>, next: &'static str) -> Self {
        Self { next, was_tried: false, ..Self::new(why) }
    }
}

/// A credential with a newline at its end: what `read`, `pass insert` and text tools expect, and what our own reading
/// takes off again.
pub fn line(credential: &str) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(credential.len() + 1));
    line.extend_from_slice(credential.as_bytes());
    if !credential.ends_with('\n') {
        line.push(b'\n');
    }
    line
}

/// A credential and nothing else, for a store that would keep the newline as a part of it.
pub fn bare(credential: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(credential.as_bytes().to_vec())
}

/// The file descriptor that a path such as `/dev/fd/3` names.
pub fn descriptor_in(path: &Path) -> Option<u32> {
    path.to_str()?.strip_prefix("/dev/fd/")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_names_a_descriptor() {
        assert_eq!(descriptor_in(Path::new("/dev/fd/3")), Some(3));
        for other in ["/dev/fd/", "/dev/fd/-1", "/dev/fd/3/x", "/dev/fd/99999999999", "dev/fd/3", "~/dev/fd/3"] {
            assert_eq!(descriptor_in(Path::new(other)), None, "{other}");
        }
    }
}
