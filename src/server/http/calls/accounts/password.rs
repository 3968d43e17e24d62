//! `PUT /auth/password`: administrators change their own password.

use axum::extract;
use axum::extract::Request;
use axum::http::StatusCode;
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use crate::server::auth::username::Username;
use crate::server::http::calls::accounts::admins::new_password;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::net::throttle::network;
use crate::server::state::AppState;
use crate::server::store::PasswordChange;

/// The reason of a refusal in the trail.
const WRONG_OLD: &str = "wrong old password";

/// Needs the old password, which can be guessed no faster than by signing in. The other sessions end.
pub(crate) async fn change(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let Some(digest) = caller.session else {
        return Err(HttpError::forbidden("The embedded server has no passwords: its user is who runs latchkey"));
    };
    let mut fields = Fields::of_json(request).await?;
    let old = SecretString::from(fields.required("old_password")?);
    let new = SecretString::from(fields.required("new_password")?);
    fields.finish()?;
    if old.expose_secret() == new.expose_secret() {
        return Err(HttpError::malformed("new_password", "is the old password"));
    }
    let name = &caller.principal.username;
    let username = Username::parse(name).map_err(|_| HttpError::unexpected())?;
    let network = network(&caller.address);
    let account = state.0.store.account(name, &network).await?;
    // A caller with a session counts as known, at any address.
    let kind = state.0.throttle.admit(name, &network, true, None).await?;
    let matches = state.0.passwords.matches(account.password.clone(), old, kind).await;
    let matches = matches.map_err(|_| HttpError::panicked())?;
    let wrong = || {
        state.0.usage_recorder.refused_sign_in(Some(name), &caller.address, WRONG_OLD, Utc::now());
        HttpError::forbidden("old_password: is wrong")
    };
    if !matches {
        return Err(wrong());
    }
    let password = new_password(&state.0, &username, new, "new_password").await?;
    let change = PasswordChange { username, password, old: account.password, keep: Some(digest) };
    if state.0.store.set_password(change, caller.actor(), Utc::now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(wrong()) // it was changed meanwhile
    }
}
