//! The ways of a secret out of the program that no recorder of the terminal sees: a new file, an open file
//! descriptor, and a command's standard input. Each is tried before it is needed.

mod command;
mod descriptor;
mod file;

use std::path::Path;

use zeroize::Zeroizing;

pub use command::{CommandOutput, Failed, OutputMode, PipeCommand};
pub use descriptor::Descriptor;
pub use file::{NewFile, fill};

use crate::domain::SecretKey;

/// Why a destination cannot be used, found before anything was given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for the middle of a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub next: &'static str,
}

impl Refusal {
    fn new(what: impl Into<String>, next: &'static str) -> Self {
        Self { what: what.into(), next }
    }
}

/// The secret and a newline: what `read`, `pass insert` and text tools expect, and what our own reading takes off again.
#[must_use]
pub fn line(secret: &SecretKey) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(secret.expose().len() + 1));
    line.extend_from_slice(secret.expose().as_bytes());
    line.push(b'\n');
    line
}

/// The file descriptor that a path such as `/dev/fd/3` names.
#[must_use]
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
