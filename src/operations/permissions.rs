//! Why something may not be done.

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

/// What may be done at a server, as far as it is known before the server is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permissions {
    /// Why keys can't be changed, if they can't.
    pub read_only: Option<ReadOnly>,
    /// Whether administrators can be managed, and everything revoked.
    pub superuser: bool,
}

impl Permissions {
    pub fn of(server: &Server) -> Self {
        let superuser = server.who.as_ref().map_or(!server.target.is_passportal(), Identity::is_superuser);
        Self { read_only: ReadOnly::of(server), superuser }
    }
}

/// Why administrators can't be managed here, nor everything revoked, if so. The embedded server's user may.
pub(crate) fn why_not_superuser(server: &Server) -> Option<String> {
    match &server.who {
        Some(who) if who.is_superuser() => None,
        Some(who) => Some(format!("Only superusers can do this. Your role is {}.", who.role.to_display(40))),
        None => why_no_sessions(server).map(str::to_owned),
    }
}

/// Why there are no sessions to be asked about, if so.
pub(crate) fn why_no_sessions(server: &Server) -> Option<&'static str> {
    match server.who {
        None if server.target.is_passportal() => Some(messages::PASSPORTAL_ADMINISTRATORS),
        None if server.profile.signs_in => Some(messages::NOT_SIGNED_IN),
        None | Some(_) => None,
    }
}

/// Refuses a change where the settings or `--read-only` say so.
pub(crate) fn may_change_administrators(server: &Server) -> Result<(), ReadOnly> {
    if server.profile.read_only { Err(ReadOnly::Profile) } else { Ok(()) }
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
