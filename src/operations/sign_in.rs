//! Signing in and out.

use super::connect::ConnectError;
use crate::client::ApiError;
use crate::client::session_file::{SessionFile, SessionStorage};

/// Why `login` or `logout` did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No session came about, or could not be kept.
    #[error(transparent)]
    Reach(#[from] ConnectError),
    /// The embedded server knows no sign-in. Holds the profile's name.
    #[error("the profile {0} is the embedded server, which needs no sign-in: choose another with --profile")]
    Embedded(String),
    /// The session is forgotten here, and goes on at the server. Holds until when, and the server's words.
    #[error(
        "the session is forgotten here, but the server still knows it until {0} (or until it is idle too long), since \
         it could not be told: {1}"
    )]
    NotTold(String, ApiError),
}

/// Where a session is, in words.
pub(crate) fn place(file: &SessionFile, keeper: SessionStorage) -> String {
    match keeper {
        SessionStorage::Keyring => "the kernel's keyring of this user".to_owned(),
        SessionStorage::File => file.path().display().to_string(),
    }
}
