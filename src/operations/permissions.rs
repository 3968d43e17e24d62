//! Why keys can't be changed.

use super::failure::{Exit, Failure};
use super::messages;
use crate::client::Server;
use crate::domain::Identity;

/// Why keys can't be changed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnly {
    /// The settings or `--read-only` say so.
    #[error("This profile is read-only.")]
    Profile,
    /// The administrator's role.
    #[error("You are signed in as an auditor (read-only).")]
    Auditor,
    /// It has no API for keys.
    #[error("Passportal keys are managed in its dashboard.")]
    Passportal,
}

impl ReadOnly {
    /// The reason, as far as it is known before the server is asked.
    pub fn of(server: &Server) -> Option<Self> {
        if server.profile.read_only {
            Some(Self::Profile)
        } else if server.who.as_ref().is_some_and(Identity::may_only_look) {
            Some(Self::Auditor)
        } else if server.target.is_passportal() {
            Some(Self::Passportal)
        } else {
            None
        }
    }
}

/// Why there is nothing to sign out of, if there isn't.
pub(crate) fn why_no_sign_out(server: &Server) -> Option<&'static str> {
    match server.who {
        Some(_) => None,
        None if server.profile.signs_in => Some(messages::NOT_SIGNED_IN),
        None => Some(messages::NO_SIGN_IN),
    }
}

/// Why no password can be changed here, if none can.
pub(crate) fn why_no_password(server: &Server) -> Option<&'static str> {
    match server.who {
        Some(_) => None,
        None if server.profile.signs_in => Some(messages::NOT_SIGNED_IN),
        None => Some(messages::NO_PASSWORD),
    }
}

impl From<ReadOnly> for Failure {
    fn from(why: ReadOnly) -> Self {
        let next = match why {
            ReadOnly::Profile => " Choose another profile, or omit --read-only.",
            ReadOnly::Auditor | ReadOnly::Passportal => "",
        };
        Self::new(Exit::Denied, why.to_string()).next(format!("{}{next}", messages::NOTHING_CHANGED))
    }
}
