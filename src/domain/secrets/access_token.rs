//! Access tokens: step three of the three of the HTTP contract.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{KeyId, Untrusted};

/// An access token: goes with every request to the API, in the header `x-access-token`. A credential: wiped when
/// dropped, and never printed by accident.
#[derive(Clone)]
pub struct AccessToken(SecretString);

/// An access token and its end.
#[derive(Clone, Debug)]
pub struct Grant {
    pub access_token: AccessToken,
    /// When it stops working: 55 to 60 minutes after the exchange on servers in the field.
    pub expires_at: DateTime<Utc>,
}

/// Whether an access token is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is, and it was made from this key.
    Good(KeyId),
    /// It is not: in the server's words.
    Refused(Untrusted),
    /// The server has no call that tells (Passportal has none).
    NotOffered,
}

impl AccessToken {
    /// Takes any server's token as it is.
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text))
    }

    /// The token: to draw, copy or send it, and for nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}
