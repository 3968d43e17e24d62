//! One profile, and where its server is.

use std::path::{Path, PathBuf};

use super::dirs::{Folder, NoFolder};
use crate::client::{ConnectionSettings, Target};
use crate::domain::{KeyFormat, Lifetimes, Profile};
use crate::platform::process::home::from_home;

/// The name of the profile that needs no settings: the server inside this program.
pub const LOCAL: &str = "local";

/// Where the server of a profile is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each profile")]
pub enum ServerLocation {
    /// In this program, on the data in a folder.
    Embedded(PathBuf),
    /// Elsewhere.
    Remote(ConnectionSettings),
}

/// A profile, checked.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) profile: Profile,
    /// None if the embedded server has no place for its data.
    pub(crate) location: Result<ServerLocation, NoFolder>,
    /// The form of the IDs and secrets that the embedded server gives out.
    pub(crate) key_format: KeyFormat,
    /// What the embedded server allows as the expiry of keys.
    pub(crate) lifetimes: Lifetimes,
    /// The file with the embedded server's master key, if it is not in its data folder.
    pub(crate) master_key: Option<PathBuf>,
    /// What was adjusted in its settings, in a sentence.
    pub(crate) notice: Option<String>,
}

impl Entry {
    /// The built-in profile.
    pub(crate) fn local(data: Folder) -> Self {
        Self::new(LOCAL, data.map(ServerLocation::Embedded))
    }

    pub(crate) fn remote(name: &str, connection: ConnectionSettings) -> Self {
        Self::new(name, Ok(ServerLocation::Remote(connection)))
    }

    pub(crate) fn new(name: &str, location: Result<ServerLocation, NoFolder>) -> Self {
        let (server, signs_in) = match &location {
            Ok(ServerLocation::Embedded(_)) | Err(_) => ("embedded server".to_owned(), false),
            Ok(ServerLocation::Remote(connection)) => match &connection.target {
                Target::Socket(path) => (path.display().to_string(), true),
                Target::Url(base) => (base.host_for_screen().to_owned(), true),
            },
        };
        let folder = match &location {
            Ok(ServerLocation::Embedded(folder)) => Some(in_words(folder)),
            _ => None,
        };
        let (name, username) = (name.to_owned(), None);
        Self {
            profile: Profile { name, server, folder, username, signs_in, production: false, read_only: false },
            location,
            key_format: KeyFormat::default(),
            lifetimes: Lifetimes::default(),
            master_key: None,
            notice: None,
        }
    }
}

/// The folder of an embedded server in words for the screen.
pub(crate) fn in_words(folder: &Path) -> String {
    from_home(folder).display().to_string()
}
