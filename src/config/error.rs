//! What can be wrong with the settings.

use std::fmt;
use std::path::PathBuf;

use super::dirs::NoFolder;
use crate::domain::BaseUrlError;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Why the settings cannot be used: the place, and what to do. Never holds a value of the file that may be a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings in {} {problem}", path.display())]
    File {
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    #[error("{spot}: {problem}")]
    Setting {
        /// Where it is.
        spot: Spot,
        /// What is wrong, and what to do.
        problem: String,
    },
    #[error("no profile is named {name:?} ({by}){near}; the profiles are: {known}. Add others in {}", file.display())]
    UnknownProfile {
        /// Where the name comes from, such as `--profile`.
        by: String,
        name: String,
        /// The names that there are.
        known: String,
        /// A suggestion, as a part of the sentence.
        near: String,
        /// The file of settings.
        file: PathBuf,
    },
    /// `--data` with a profile that uses another server. Holds the profile.
    #[error("--data is for the embedded server, and the profile {0} uses another server: omit one of them")]
    DataElsewhere(String),
    /// `--connect-to` for another server than the profile's.
    #[error("--connect-to names {host}, but the server is {server}: write host and port as in its https:// URL")]
    ForwardElsewhere {
        /// The server that was written.
        host: String,
        /// The server that there is.
        server: String,
    },
    /// `--ca-file` for a server without TLS. Holds the profile.
    #[error("--ca-file is for servers with an https:// URL, and that of {0} has none: omit it")]
    AuthoritiesElsewhere(String),
    /// A session of another user than the profile's would never be used. Holds the profile and its user.
    #[error("the profile {0} is for {1}: omit --username, or add a profile for the other user")]
    AnotherName(String, String),
    #[error(transparent)]
    NoFolder(#[from] NoFolder),
    /// The value of `--url` is no base URL.
    #[error("--url: {0}")]
    Url(BaseUrlError),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column {}", self.path.display(), self.line, self.column)
    }
}
