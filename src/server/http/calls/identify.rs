//! `POST /keys/identify`: whose secret or token is this? For leaks.
//!
//! Nothing of it is stored, logged or counted as a use.

use axum::Json;
use axum::extract;
use axum::extract::Request;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::domain::{AccessKey, KeyId, hmac_token};
use crate::server::auth::token::{Claims, Unverified};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::http::response::wire::KeyBody;
use crate::server::state::{AppState, AppStateInner};
use crate::server::store::{EventKind, EventQuery, Issued, SecretOwner, StoreError};

/// What may be asked.
const ONE_OF: &str = "must have secret, or access_token, or hmac_token with content and id";

pub(crate) async fn identify(
    extract::State(state): extract::State<AppState>,
    _: Caller,
    request: Request,
) -> Result<Json<Value>, HttpError> {
    let mut fields = Fields::of_json(request).await?;
    let mut text = |name| fields.text(name).map(|text| text.map(Zeroizing::new));
    let (secret, token, hash) = (text("secret")?, text("access_token")?, text("hmac_token")?);
    let (id, content) = (fields.text("id")?, fields.text("content")?);
    fields.finish()?;
    let now = Utc::now();
    match (secret, token, hash, id, content) {
        (Some(secret), None, None, None, None) => of_secret(&state.0, &secret, now).await,
        (None, Some(token), None, None, None) => of_access_token(&state.0, &token, now).await,
        (None, None, Some(hash), Some(id), Some(content)) => {
            of_hmac_token(&state.0, KeyId::as_stored(id), &content, &hash, now).await
        }
        _ => Err(HttpError::malformed("body", ONE_OF)),
    }
}

async fn of_secret(state: &AppStateInner, secret: &str, now: DateTime<Utc>) -> Result<Json<Value>, HttpError> {
    let mut digests = state.vault.digests(secret.as_bytes());
    loop {
        match state.store.secret_owner(digests.clone(), now).await? {
            SecretOwner::Key(key) => return Ok(known(&key)),
            SecretOwner::Unknown => return Err(HttpError::not_ready()),
            SecretOwner::Nobody => {}
        }
        // Its digest may be that of another master key, if it was replaced since this server last looked.
        state.follow_master_key().await?;
        let more = state.vault.digests(secret.as_bytes());
        if more.len() == digests.len() {
            return Err(HttpError::not_found("A key with this secret"));
        }
        digests = more;
    }
}

/// A token that was signed by a key of ours, whether it is still good or not.
async fn of_access_token(state: &AppStateInner, token: &str, now: DateTime<Utc>) -> Result<Json<Value>, HttpError> {
    let none = || HttpError::not_found("A key with this access token");
    let given = Unverified::of(token).map_err(|_| none())?;
    let mut key = state.signing_keys.find(&given.key_id, &state.store, &state.vault)?;
    if given.key_id.is_empty() {
        // The first signing key is a half of the master key, and so outlives its last token.
        key.get_or_insert_with(|| state.vault.signing().clone());
    }
    let claims = key.and_then(|key| given.signed_claims(&key).ok()).ok_or_else(none)?;
    let issued = Issued { key: &claims.sub, generation: claims.r#gen, of_all: claims.all, signed_by: &given.key_id };
    let status = if claims.exp <= now.timestamp() {
        "expired"
    } else if state.store.is_revoked(issued, now)? {
        "revoked"
    } else {
        "valid"
    };
    let mut answer = match state.store.key(&claims.sub, now).await? {
        Some(key) => known(&key),
        None => deleted(state, &claims).await?,
    };
    let time = |seconds| DateTime::from_timestamp(seconds, 0).map(wire::time);
    answer.0["token"] = json!({ "status": status, "issued_at": time(claims.iat), "expires_at": time(claims.exp) });
    Ok(answer)
}

/// An HMAC token can't be looked up: it is compared with that of the key that is named.
async fn of_hmac_token(
    state: &AppStateInner,
    id: String,
    content: &str,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Json<Value>, HttpError> {
    let none = || HttpError::not_found("A key with this ID and HMAC token");
    let credential = state.store.credential(&id, now).await?.ok_or_else(none)?;
    let secret = state.vault.decrypt(&id, &credential.encrypted).ok_or(StoreError::OtherMasterKey)?;
    if !hmac_token(&secret, content.as_bytes()).matches(hash) {
        return Err(none());
    }
    Ok(known(&state.store.key(&id, now).await?.ok_or_else(none)?))
}

fn known(key: &AccessKey) -> Json<Value> {
    Json(json!({ "success": true, "key": KeyBody::from(key) }))
}

/// What the history says of a key that is no longer there.
async fn deleted(state: &AppStateInner, claims: &Claims) -> Result<Json<Value>, HttpError> {
    let query = EventQuery { kinds: vec![EventKind::Deleted], ..EventQuery::of_key(&claims.sub, 1) };
    let event = state.store.events(query).await?.into_iter().next();
    let value = |name: &str| {
        let changes = event.as_ref().map(|event| event.changes.as_slice()).unwrap_or_default();
        changes.iter().find(|change| change.field == name).and_then(|change| change.old.clone())
    };
    let deleted = json!({
        "id": claims.sub,
        "label": value("label").unwrap_or_default(),
        "owner": value("owner").unwrap_or_default(),
        "deleted_at": event.as_ref().map(|event| wire::time(event.at)),
        "deleted_by": event.as_ref().and_then(|event| event.by.clone()),
    });
    Ok(Json(json!({ "success": true, "deleted_key": deleted })))
}
