//! New secrets that are sealed to the program that asks for them: it gets them again if the answer was lost.

use axum::extract;
use axum::http::StatusCode;
use getrandom::SysRng;
use hpke::rand_core::UnwrapErr;
use serde_json::Value;

use super::keys::Id;
use crate::domain::{KeyId, SealTo, SealedSecret, SecretKey};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::state::AppState;

/// The field with the public key that a new secret is sealed to.
pub(crate) const SEAL_TO: &str = "seal_to";

/// What the new secret shall be sealed to, if anything.
pub(crate) fn seal_to(fields: &mut Fields) -> Result<Option<SealTo>, HttpError> {
    fields.text(SEAL_TO)?.map(|text| SealTo::parse(&text).ok_or_else(no_public_key)).transpose()
}

/// Encrypts a new secret so that only the program that asked for it can read it.
pub(crate) fn seal(to: Option<SealTo>, secret: &SecretKey, id: &KeyId) -> Result<Option<SealedSecret>, HttpError> {
    let seal = |to: SealTo| to.seal(secret, id, &mut UnwrapErr(SysRng)).ok_or_else(no_public_key);
    to.map(seal).transpose()
}

/// Adds a new secret to an answer: sealed if that was asked for, else as it is. None is left of it in a repeated answer
/// unless it is kept sealed.
pub(crate) fn put(body: &mut Value, sealed: Option<&SealedSecret>, secret: Option<&SecretKey>) {
    match sealed {
        Some(sealed) => body["sealed_secret"] = sealed.text().into(),
        None => body["secret_access_key"] = secret.map(SecretKey::expose).into(),
    }
}

/// `DELETE /keys/{id}/sealed`: the secret has arrived.
pub(crate) async fn delivered(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, HttpError> {
    caller.may_change()?;
    let was_kept = state.0.store.delivered(&id, &caller.principal.username).await?;
    if was_kept { Ok(StatusCode::NO_CONTENT) } else { Err(HttpError::not_found("A sealed secret of this key")) }
}

fn no_public_key() -> HttpError {
    HttpError::malformed(SEAL_TO, "must be an X25519 public key, in base64url without padding")
}
