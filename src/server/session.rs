//! Who asks.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::State;
use super::failure::Failure;

/// What an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Administrator,
    /// Look, and change nothing.
    Auditor,
}

/// The administrators who are signed in. Of their tokens it keeps only SHA-256 digests.
pub struct Sessions(Vec<([u8; 32], Asker)>);

/// An administrator who is signed in: every call to `/keys` needs one.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) username: String,
    role: Role,
}

/// Where a request comes from: an IP address, or `local` for the Unix socket. Whoever serves TCP puts
/// one into the request's extensions.
#[derive(Clone, Debug)]
pub struct Source(pub String);

impl Sessions {
    /// One session for the life of the server.
    #[must_use]
    pub fn single(token: &SecretString, username: &str, role: Role) -> Self {
        let digest = Sha256::digest(token.expose_secret()).into();
        Self(vec![(digest, Asker { username: username.to_owned(), role })])
    }

    fn find(&self, token: &str) -> Option<&Asker> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        self.0.iter().find(|(known, _)| known.ct_eq(&digest).into()).map(|(_, asker)| asker)
    }
}

impl Asker {
    /// Refuses those who may only look.
    pub(super) fn may_change(&self) -> Result<(), Failure> {
        match self.role {
            Role::Administrator => Ok(()),
            Role::Auditor => Err(Failure::forbidden("An auditor may look at keys, not change them")),
        }
    }
}

impl FromRequestParts<State> for Asker {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let asker = token.and_then(|(_, token)| state.0.sessions.find(token.trim()));
        asker.cloned().ok_or_else(|| Failure::token("sign in again"))
    }
}

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self("local".to_owned())))
    }
}
