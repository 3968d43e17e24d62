//! Activating and deactivating a key.

use crate::client::Changes;
use crate::domain::{AccessKey, Status};

/// Why a key is not activated or deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSwitched {
    #[error("This key has expired.")]
    Expired,
    #[error("The key is already {}.", .0.as_str())]
    Already(Status),
}

/// A change of a key's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It works again.
    Activate,
    /// It stops working.
    Deactivate,
}

impl Switch {
    /// The switch that a key can take, or the one that is asked for if it makes sense.
    pub fn of(key: &AccessKey, wanted: Option<Self>) -> Result<Self, NotSwitched> {
        match (wanted, key.status) {
            (None | Some(Self::Activate), Status::Expired) => Err(NotSwitched::Expired),
            (Some(Self::Activate), Status::Active) | (Some(Self::Deactivate), Status::Inactive) => {
                Err(NotSwitched::Already(key.status))
            }
            (Some(wanted), _) => Ok(wanted),
            (None, Status::Active) => Ok(Self::Deactivate),
            (None, Status::Inactive) => Ok(Self::Activate),
        }
    }

    /// The change that makes it, of a key as it was read.
    pub fn changes(self, key: &AccessKey) -> Changes {
        Changes { status: Some(self.status()), revision: key.revision, ..Changes::default() }
    }

    pub const fn status(self) -> Status {
        match self {
            Self::Activate => Status::Active,
            Self::Deactivate => Status::Inactive,
        }
    }

    pub const fn verb(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate => "Deactivate",
        }
    }

    /// What it means: two sentences.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Activate => {
                "The key works again immediately. Access tokens from before stay refused: clients that keep one fail for up \
                 to an hour."
            }
            Self::Deactivate => {
                "Requests with this key, and with access tokens made from it, fail immediately. You can reactivate it at \
                 any time."
            }
        }
    }
}
