//! The last place for a secret that found no other.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::delivery::Delivery;
use crate::config::{ConfigError, Folder};
use crate::domain::KeyId;
use crate::operations::failure::{Exit, Failure};
use crate::platform::delivery::{NewFile, fill};

/// A folder of ours that is there and can be written to, should it be needed.
pub struct Rescue(PathBuf);

impl Rescue {
    /// Makes sure of the folder, before a key is made.
    pub fn prepare(state: &Folder) -> Result<Self, Failure> {
        let state = state.as_deref().map_err(|missing| Failure::from(ConfigError::from(missing.clone())))?;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state);
        let tried = made.and_then(|()| tempfile::Builder::new().prefix(".try-").tempfile_in(state));
        tried.map(|_| Self(state.to_owned())).map_err(|error| {
            Failure::new(Exit::Mistake, format!("{} cannot be written to: {error}. No key was made.", state.display()))
                .next(
                    "It is where a secret is kept if its destination fails: set XDG_STATE_HOME to a folder of \
                    yours.",
                )
        })
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Keeps a secret in a new file there.
    pub fn keep(&self, id: &KeyId, line: &[u8], why: String) -> Result<Delivery, Failure> {
        let name: String = id.raw_for_api().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let path = self.0.join(format!("secret-of-{name}"));
        let kept = NewFile::open(&path).and_then(|mut opened| fill(&mut opened, &path, line));
        match kept {
            Ok(()) => Ok(Delivery::Rescued(path, why)),
            Err(error) => Err(Failure::new(
                Exit::Undelivered,
                format!("{why}; and {} can't be written: {error}.", path.display()),
            )
            .lost()
            .next(format!(
                "The secret is lost. Delete the key and create another: latchkey keys delete {}",
                id.to_display(KeyId::MAX_CHARS)
            ))),
        }
    }
}

/// A secret had to be kept in a private file: says where, and why.
pub(crate) fn rescued(id: &KeyId, path: &Path, why: &str) -> Failure {
    let (id, why) = (id.to_display(KeyId::MAX_CHARS), why.trim_end_matches('.'));
    Failure::new(Exit::Undelivered, format!("Key {id} was created, but its secret was not delivered: {why}."))
        .next(format!("It is in {} (readable only by you): move it to where it belongs.", path.display()))
}
