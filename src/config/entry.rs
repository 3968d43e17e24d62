//! One profile, with the way to its server.

use std::path::PathBuf;

use crate::client::{ConnectionSettings, Target};
use crate::domain::Profile;

/// The name of the profile that needs no settings: the server inside this program.
pub const LOCAL: &str = "local";

/// Where the server of a profile is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each profile")]
pub enum ServerLocation {
    /// Inside this program, on the data of a folder.
    Embedded(PathBuf),
    /// Somewhere else.
    Remote(ConnectionSettings),
}

/// A profile, checked.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) profile: Profile,
    pub(crate) source: ServerLocation,
    /// What the user should know about it, in a sentence.
    pub(crate) notice: Option<String>,
}

impl Entry {
    /// The built-in profile.
    pub(crate) fn local(data: PathBuf) -> Self {
        Self::new(LOCAL, ServerLocation::Embedded(data))
    }

    pub(crate) fn remote(name: &str, connection: ConnectionSettings) -> Self {
        Self::new(name, ServerLocation::Remote(connection))
    }

    pub(crate) fn new(name: &str, source: ServerLocation) -> Self {
        let (server, signs_in) = match &source {
            ServerLocation::Embedded(_) => ("embedded server".to_owned(), false),
            ServerLocation::Remote(connection) => match &connection.target {
                Target::Socket(path) => (path.display().to_string(), true),
                Target::Url(base) => (base.host_for_screen().to_owned(), true),
            },
        };
        let (name, username) = (name.to_owned(), None);
        Self {
            profile: Profile { name, server, username, signs_in, production: false, read_only: false },
            source,
            notice: None,
        }
    }
}
