//! `/auth/session`: administrators sign in and out.

use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{SubsecRound, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::server::auth::device_token;
use crate::server::http::request::client_addr::{ClientAddr, LoggedPrincipal};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Bearer;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::net::throttle::{NotAdmitted, network};
use crate::server::state::AppState;
use crate::server::store::{Actor, NewSession, SESSION_LIFETIME};

/// The reasons of refused sign-ins in the trail.
const WRONG_PASSWORD: &str = "wrong password";
const UNKNOWN_NAME: &str = "unknown name";
const TOO_MANY: &str = "too many attempts";

/// How long a password waits to be checked: longer only in a flood.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);

/// `POST /auth/session`: the same work and the same answer whether the name or the password is wrong.
pub(crate) async fn sign_in(
    extract::State(state): extract::State<AppState>,
    ClientAddr(source): ClientAddr,
    who: LoggedPrincipal,
    request: Request,
) -> Result<Json<Value>, HttpError> {
    let device_token = device_token_of(request.headers());
    let mut fields = Fields::of_json(request).await?;
    let username = fields.required("username")?.to_ascii_lowercase();
    let given = SecretString::from(fields.required("password")?);
    fields.finish()?;
    let network = network(&source);
    let account = state.0.store.account(&username, &network).await?;
    if account.password.is_some() {
        who.is(&username);
    }
    let refused = |why| {
        let name = account.password.as_ref().map(|_| username.as_str());
        state.0.usage_recorder.refused_sign_in(name, &source, why, Utc::now());
    };
    let too_many = |wait| {
        refused(TOO_MANY);
        HttpError::too_many(wait)
    };
    let device = device_token.as_ref().and_then(|token| device_token::read(&state.0.vault, &username, token));
    let admitted = state.0.throttle.admit(&username, &network, account.is_known_network, device).await;
    let kind = admitted.inspect_err(|why| {
        if matches!(why, NotAdmitted::TooMany(_)) {
            refused(TOO_MANY);
        }
    })?;
    let check = state.0.passwords.matches(account.password.clone(), given, kind);
    let matches = timeout(CHECK_PATIENCE, check).await.map_err(|_| too_many(CHECK_PATIENCE))?;
    let matches = matches.map_err(|_| HttpError::panicked())?;
    let Some(password) = account.password.clone().filter(|_| matches) else {
        let why = if account.password.is_some() { WRONG_PASSWORD } else { UNKNOWN_NAME };
        refused(why);
        return Err(HttpError::sign_in(why));
    };

    let now = Utc::now();
    let token = draw_session().map_err(|_| HttpError::unexpected())?;
    let digest = Sha256::digest(token.expose_secret()).into();
    let new = NewSession { digest, username: username.clone(), password, source, network };
    let role = state.0.store.begin_session(new, now).await?;
    let role = role.ok_or_else(|| HttpError::sign_in("the administrator was changed meanwhile"))?;
    let device_token = match device_token.filter(|_| device.is_some()) {
        Some(token) => token,
        None => device_token::issue(&state.0.vault, &username).map_err(|_| HttpError::unexpected())?,
    };
    Ok(Json(json!({
        "success": true,
        "session_token": token.expose_secret(),
        "device_token": device_token.expose_secret(),
        "expires_at": wire::time((now + SESSION_LIFETIME).trunc_subsecs(0)),
        "username": username,
        "role": role.as_str(),
    })))
}

/// Where a client shows that the account has signed in there before. In a header, which older servers ignore.
const DEVICE_TOKEN: &str = "x-device-token";

fn device_token_of(headers: &HeaderMap) -> Option<SecretString> {
    headers.get(DEVICE_TOKEN).and_then(|token| token.to_str().ok()).map(SecretString::from)
}

/// `DELETE /auth/session`
pub(crate) async fn sign_out(
    extract::State(state): extract::State<AppState>,
    ClientAddr(address): ClientAddr,
    who: LoggedPrincipal,
    bearer: Bearer,
) -> Result<StatusCode, HttpError> {
    let Bearer::Stored(digest, principal) = bearer else {
        return Err(HttpError::forbidden("The embedded server's session ends with latchkey; it can't be signed out"));
    };
    who.is(&principal.username);
    state.0.store.end_session(digest, Actor { name: principal.username, address }, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session token: 256 random bits.
pub(crate) fn draw_session() -> Result<SecretString, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}
