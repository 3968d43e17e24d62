//! The ways of a secret out of the program that no recorder of the terminal sees: a new file, an open file
//! descriptor, and a command's standard input. Each is tried before it is needed.

mod command;
mod descriptor;
mod file;

use std::path::Path;

use zeroize::Zeroizing;

pub use command::{Failed, Receiver, Said, Speech};
pub use descriptor::Descriptor;
pub use file::{NewFile, fill};

use crate::model::SecretKey;

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

/// Makes a file and writes the line of a secret to it; in words if that fails.
pub fn to_new_file(path: &Path, line: &[u8]) -> Result<(), String> {
    let file = NewFile::create(path).map_err(|refusal| refusal.what)?;
    file.fill(line).map_err(|error| format!("the file {} cannot be written: {error}", path.display()))
}
