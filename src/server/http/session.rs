//! Who asks.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::client_addr::LoggedPrincipal;
use super::failure::HttpError;
use crate::domain::wiped_after;
use crate::server::AppState;
use crate::server::store::Digest;

/// What an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Superuser,
    /// Manage keys.
    Administrator,
    /// Look, and change nothing.
    Auditor,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 3] = [Self::Superuser, Self::Administrator, Self::Auditor];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// The role that a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// The administrators who are signed in for the life of the server, beside those whose sessions are in the store.
/// Of their tokens it keeps only SHA-256 digests.
#[derive(Default)]
pub struct Sessions(Vec<(Digest, Principal)>);

/// An administrator who is signed in: every call to `/keys` needs one.
#[derive(Clone)]
pub(crate) struct Principal {
    pub(crate) username: String,
    role: Role,
}

/// The session that a request bears, when it is good.
pub(crate) enum Bearer {
    /// It lives as long as the server.
    Single(Principal),
    /// It is in the store.
    Stored(Digest, Principal),
}

impl Sessions {
    /// None but those in the store.
    #[must_use]
    pub fn stored() -> Self {
        Self::default()
    }

    /// One session for the life of the server.
    #[must_use]
    pub fn single(token: &SecretString, username: &str, role: Role) -> Self {
        let digest = Sha256::digest(token.expose_secret()).into();
        Self(vec![(digest, Principal { username: username.to_owned(), role })])
    }

    fn find(&self, digest: &Digest) -> Option<&Principal> {
        self.0.iter().find(|(known, _)| known.ct_eq(digest).into()).map(|(_, asker)| asker)
    }
}

impl Principal {
    /// Refuses those who may only look.
    pub(crate) fn may_change(&self) -> Result<(), HttpError> {
        match self.role {
            Role::Superuser | Role::Administrator => Ok(()),
            Role::Auditor => Err(HttpError::forbidden("An auditor may look at keys, not change them")),
        }
    }
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let refused = || HttpError::token("sign in again");
        let token = token.map(|(_, token)| token.trim()).filter(|token| !token.is_empty()).ok_or_else(refused)?;
        let digest: Digest = wiped_after(|| Sha256::digest(token)).into();
        if let Some(asker) = state.0.sessions.find(&digest) {
            return Ok(Self::Single(asker.clone()));
        }
        Ok(Self::Stored(digest, stored(state, digest).await?.ok_or_else(refused)?))
    }
}

/// Looks the session up at each call, so that it ends at once, whichever process ends it.
async fn stored(state: &AppState, digest: Digest) -> Result<Option<Principal>, HttpError> {
    let now = Utc::now();
    let session = state.with_store(move |store| {
        let session = store.session(&digest, now)?;
        if session.as_ref().is_some_and(|session| session.is_unseen(now))
            && let Err(error) = store.see_session(&digest, now)
        {
            tracing::warn!(%error, "cannot note that a session is in use");
        }
        Ok(session)
    });
    Ok(session.await?.map(|session| Principal { username: session.username, role: session.role }))
}

impl FromRequestParts<AppState> for Principal {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let (Bearer::Single(asker) | Bearer::Stored(_, asker)) = Bearer::from_request_parts(parts, state).await?;
        if let Some(who) = parts.extensions.get::<LoggedPrincipal>() {
            who.is(&asker.username);
        }
        Ok(asker)
    }
}
