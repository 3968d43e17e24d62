//! Who makes a request: the session that it bears.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::Utc;
use sha2::{Digest as _, Sha256};

use super::client_addr::LoggedPrincipal;
use super::failure::HttpError;
use crate::domain::{Role, wiped_after};
pub(crate) use crate::server::auth::sessions::Principal;
use crate::server::state::AppState;
use crate::server::store::Digest;

/// The session that a request bears, if it is valid.
pub(crate) enum Bearer {
    /// It lasts as long as the server.
    Single(Principal),
    /// It is in the store.
    Stored(Digest, Principal),
}

impl Bearer {
    pub(crate) fn principal(&self) -> &Principal {
        let (Self::Single(principal) | Self::Stored(_, principal)) = self;
        principal
    }
}

impl Principal {
    /// Refuses auditors.
    pub(crate) fn may_change(&self) -> Result<(), HttpError> {
        match self.role {
            Role::Superuser | Role::Administrator => Ok(()),
            Role::Auditor => Err(HttpError::forbidden("Auditors can view keys but not change them")),
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
        if let Some(principal) = state.0.sessions.find(&digest) {
            return Ok(Self::Single(principal.clone()));
        }
        Ok(Self::Stored(digest, stored(state, digest).await?.ok_or_else(refused)?))
    }
}

/// Looks the session up at each call, so that it ends at once, whichever process ends it.
async fn stored(state: &AppState, digest: Digest) -> Result<Option<Principal>, HttpError> {
    let (store, now) = (&state.0.store, Utc::now());
    let Some(session) = store.session(digest, now).await? else { return Ok(None) };
    if session.is_unseen(now) {
        state.0.usage_recorder.seen(digest, now);
    }
    Ok(Some(Principal { username: session.username, role: session.role }))
}

impl FromRequestParts<AppState> for Principal {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let (Bearer::Single(principal) | Bearer::Stored(_, principal)) =
            Bearer::from_request_parts(parts, state).await?;
        if let Some(logged) = parts.extensions.get::<LoggedPrincipal>() {
            logged.is(&principal.username);
        }
        Ok(principal)
    }
}
