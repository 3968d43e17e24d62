//! What can be wrong with the settings.

use std::fmt;
use std::path::PathBuf;

use crate::domain::BaseUrlError;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Why the settings cannot be used: where it stands, and what to do. Never holds a value of the file that may be a
/// credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings in {} {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting is wrong.
    #[error("{spot}: {problem}")]
    Setting {
        /// Where it stands.
        spot: Spot,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// There is no such profile.
    #[error("there is no profile {name:?} ({by}){near}; there are: {known}. Profiles are written in {}", file.display())]
    UnknownProfile {
        /// Who named it.
        by: String,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
        /// What may have been meant, as a part of the sentence.
        near: String,
        /// The file of settings.
        file: PathBuf,
    },
    /// `--data` with a profile whose server is elsewhere.
    #[error(
        "--data names the data of the embedded server, and the profile {0} has its server elsewhere: leave one out"
    )]
    DataElsewhere(String),
    /// `--connect-to` for another server than the profile's.
    #[error(
        "--connect-to is about {host}, and the server is {server}: write its host and port as they are in its https:// URL"
    )]
    ForwardElsewhere {
        /// The server that was written.
        host: String,
        /// The server that there is.
        server: String,
    },
    /// A session of a name that is not the profile's would never be used. Holds the profile, and whose it is.
    #[error("the profile {0} is for {1}: leave --username away, or remember the other name in a profile of its own")]
    AnotherName(String, String),
    /// `--url` is none.
    #[error("--url: {0}")]
    Url(BaseUrlError),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column {}", self.path.display(), self.line, self.column)
    }
}
