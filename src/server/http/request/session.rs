//! Who makes a request: the session that it bears.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::Utc;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::{Role, wiped_after};
pub(crate) use crate::server::auth::sessions::Principal;
use crate::server::auth::username::Username;
use crate::server::http::request::client_addr::{ClientAddr, LoggedPrincipal};
use crate::server::http::response::failure::HttpError;
use crate::server::state::AppState;
use crate::server::store::{Actor, Digest, SessionId};

/// The session that a request bears, if it is valid.
pub(crate) enum Bearer {
    /// It lasts as long as the server.
    Single(Principal),
    /// It is in the store.
    Stored(Digest, Principal),
}

/// Who makes a request, by which session, and from where.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The session, if it is in the store.
    pub(crate) session: Option<Digest>,
    pub(crate) address: String,
}

impl Caller {
    /// As the trail names them.
    pub(crate) fn actor(&self) -> Actor {
        Actor { name: self.principal.username.clone(), address: self.address.clone() }
    }

    /// Refuses auditors.
    pub(crate) fn may_change(&self) -> Result<(), HttpError> {
        if self.principal.role.includes(Role::Administrator) {
            Ok(())
        } else {
            Err(HttpError::forbidden("Auditors can view keys but not change them"))
        }
    }

    /// Refuses all but superusers.
    pub(crate) fn may_manage_administrators(&self) -> Result<(), HttpError> {
        if self.principal.role.includes(Role::Superuser) {
            Ok(())
        } else {
            Err(HttpError::forbidden("Only superusers can do this"))
        }
    }

    /// Their name, unless they may see everybody's sessions.
    pub(crate) fn only_own(&self) -> Option<String> {
        (!self.principal.role.includes(Role::Superuser)).then(|| self.principal.username.clone())
    }

    /// A turn to read many rows; refused when too many wait for theirs. Only one user asks the embedded server.
    pub(crate) async fn turn(&self, state: &AppState) -> Result<Option<OwnedSemaphorePermit>, HttpError> {
        if self.session.is_none() {
            return Ok(None);
        }
        let turn = state.0.lists.turn(&self.principal.username).await;
        turn.map(Some).ok_or_else(HttpError::too_many_lists)
    }

    pub(crate) fn session_id(&self) -> Option<SessionId> {
        self.session.as_ref().map(SessionId::of)
    }

    /// Whether this is the administrator with that name, and not a user of the machine who is named alike.
    pub(crate) fn is_signed_in_as(&self, name: &Username) -> bool {
        self.session.is_some() && self.principal.username == name.as_str()
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let (session, principal) = match Bearer::from_request_parts(parts, state).await? {
            Bearer::Single(principal) => (None, principal),
            Bearer::Stored(digest, principal) => (Some(digest), principal),
        };
        if let Some(logged) = parts.extensions.get::<LoggedPrincipal>() {
            logged.is(&principal.username);
        }
        let Ok(ClientAddr(address)) = ClientAddr::from_request_parts(parts, state).await;
        Ok(Self { principal, session, address })
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
