//! `/auth/session`: administrators sign in and out.

use axum::Json;
use axum::extract;
use axum::extract::Request;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{SubsecRound, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::client_addr::{ClientAddr, LoggedPrincipal};
use super::failure::HttpError;
use super::fields::Fields;
use super::session::{Bearer, Role};
use super::wire;
use crate::server::AppState;
use crate::server::net::throttle::network;
use crate::server::store::{NewSession, SESSION_LIFETIME, StoreError};

/// `POST /auth/session`: does the same work and gives the same answer whether the name or the password is wrong.
pub(crate) async fn sign_in(
    extract::State(state): extract::State<AppState>,
    ClientAddr(source): ClientAddr,
    who: LoggedPrincipal,
    request: Request,
) -> Result<Json<Value>, HttpError> {
    let mut fields = Fields::of_json(request).await?;
    let username = fields.required("username")?.to_ascii_lowercase();
    let given = SecretString::from(fields.required("password")?);
    fields.finish()?;
    let network = network(&source);
    let (name, place) = (username.clone(), network.clone());
    let account = state.with_store(move |store| store.account(&name, &place)).await?;
    if account.password.is_some() {
        who.is(&username);
    }
    let admitted = state.0.throttle.admit(&username, &network, account.is_known_network);
    admitted.map_err(HttpError::too_many)?;
    let kept = account.password.clone();
    let matches = state.0.passwords.matches(kept, given, account.is_known_network).await?;
    let password = account.password.filter(|_| matches).ok_or_else(HttpError::sign_in)?;

    let now = Utc::now();
    let token = draw_session()?;
    let digest = Sha256::digest(token.expose_secret()).into();
    let name = username.clone();
    let begun = state.with_store(move |store| {
        let (username, password, source, network) = (&*name, &*password, &*source, &*network);
        store.begin_session(&NewSession { digest, username, password, source, network }, now)
    });
    let role: Role = begun.await?.ok_or_else(HttpError::sign_in)?;
    Ok(Json(json!({
        "success": true,
        "session_token": token.expose_secret(),
        "expires_at": wire::time((now + SESSION_LIFETIME).trunc_subsecs(0)),
        "username": username,
        "role": role.as_str(),
    })))
}

/// `DELETE /auth/session`
pub(crate) async fn sign_out(
    extract::State(state): extract::State<AppState>,
    who: LoggedPrincipal,
    bearer: Bearer,
) -> Result<StatusCode, HttpError> {
    let Bearer::Stored(digest, asker) = bearer else {
        return Err(HttpError::forbidden("This session ends with the program that began it"));
    };
    who.is(&asker.username);
    state.with_store(move |store| store.end_session(&digest)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session token: 256 random bits.
pub(crate) fn draw_session() -> Result<SecretString, StoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}
