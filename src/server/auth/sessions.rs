//! Who is signed in, apart from the sessions in the store.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::Role;
use crate::server::store::Digest;

/// The administrators who are signed in for the life of the server, beside those whose sessions are in the store.
/// It keeps only SHA-256 digests of their tokens.
#[derive(Default)]
pub struct Sessions(Vec<(Digest, Principal)>);

/// An administrator who is signed in.
#[derive(Clone)]
pub(crate) struct Principal {
    pub(crate) username: String,
    pub(crate) role: Role,
}

impl Sessions {
    /// Only those in the store.
    pub fn stored() -> Self {
        Self::default()
    }

    /// One session for the life of the server.
    pub fn single(token: &SecretString, username: &str, role: Role) -> Self {
        let digest = Sha256::digest(token.expose_secret()).into();
        Self(vec![(digest, Principal { username: username.to_owned(), role })])
    }

    pub(crate) fn find(&self, digest: &Digest) -> Option<&Principal> {
        self.0.iter().find(|(known, _)| known.ct_eq(digest).into()).map(|(_, principal)| principal)
    }
}
