//! `/keys/{id}/rotation`: replacing a key by another one.

use axum::Json;
use axum::extract;
use axum::extract::Request;
use axum::http::HeaderMap;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::{AccessKey, MOST_OVERLAP};
use crate::server::http::calls::keys::{Asked, Id, Made, fingerprint, idempotency_key, if_match, make, texts};
use crate::server::http::calls::sealed;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::in_force::InForceHeader;
use crate::server::http::response::wire::KeyBody;
use crate::server::state::AppState;
use crate::server::store::{RotationEnd, RotationInsert, RotationOutcome, RotationRefusal};
use crate::server::usage_recorder::UsageRecorder;

/// `POST /keys/{id}/rotate`
pub(crate) async fn rotate(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(old): Id,
    request: Request,
) -> Result<(InForceHeader, Made), HttpError> {
    caller.may_change()?;
    let idempotency_key = idempotency_key(request.headers())?;
    let revision = if_match(request.headers())?;
    let _mark = state.0.running.begin(&caller.principal.username, &idempotency_key).ok_or_else(HttpError::running)?;
    let mut fields = Fields::of_json(request).await?;
    let most = u64::try_from(MOST_OVERLAP.num_seconds()).unwrap_or_default();
    let overlap = fields.count("overlap_seconds", most)?;
    let texts = texts(&mut fields)?;
    let expiry = fields.time("expires_at")?;
    let seal_to = sealed::seal_to(&mut fields)?;
    fields.finish()?;
    // What is not given is taken over, so that a key without a label differs from one with the old label.
    let given: Vec<&str> = texts.iter().map(|(name, _)| name).collect();
    let of_new = fingerprint(&texts, expiry, true, seal_to);
    let fingerprint = Sha256::digest(json!([old, overlap, given, of_new]).to_string()).into();
    let ends_at = Utc::now() + TimeDelta::seconds(i64::try_from(overlap).unwrap_or_default());
    let rotation = RotationInsert {
        old: old.clone(),
        revision,
        ends_at,
        inherits_expiry: expiry.is_none().then_some(state.0.lifetimes),
    };
    let asked = Asked { texts, expiry, seal_to, rotation: Some(rotation), fingerprint };
    let (status, etag, created, Json(mut body)) = make(&state, &caller, idempotency_key, asked).await?;
    // Tokens of the old key end with it.
    let in_force = InForceHeader::wait(&state.0.store).await;
    let replaced = state.0.store.key(&old, Utc::now()).await?;
    if let Some(replaced) = &replaced {
        body["replaced"] = shown(replaced);
    }
    Ok((in_force, (status, etag, created, Json(body))))
}

/// `POST /keys/{id}/rotation/finish`
pub(crate) async fn finish(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<(InForceHeader, Json<Value>), HttpError> {
    caller.may_change()?;
    let outcome =
        state.0.store.end_rotation(&id, if_match(&headers)?, RotationEnd::Finish, caller.actor(), Utc::now()).await?;
    ended(&state, outcome).await
}

/// `DELETE /keys/{id}/rotation`
pub(crate) async fn undo(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<(InForceHeader, Json<Value>), HttpError> {
    caller.may_change()?;
    // A use that was not stored yet counts.
    UsageRecorder::flush_to_end(&state.0.usage_recorder).await;
    let outcome =
        state.0.store.end_rotation(&id, if_match(&headers)?, RotationEnd::Undo, caller.actor(), Utc::now()).await?;
    ended(&state, outcome).await
}

async fn ended(state: &AppState, outcome: RotationOutcome) -> Result<(InForceHeader, Json<Value>), HttpError> {
    let keys = outcome?;
    let mut body = json!({ "success": true });
    for (name, key) in ["replaced", "key"].into_iter().zip(&keys) {
        body[name] = shown(key);
    }
    Ok((InForceHeader::wait(&state.0.store).await, Json(body)))
}

fn shown(key: &AccessKey) -> Value {
    serde_json::to_value(KeyBody::from(key)).unwrap_or_default()
}

impl From<RotationRefusal> for HttpError {
    fn from(refusal: RotationRefusal) -> Self {
        match refusal {
            RotationRefusal::Missing => Self::not_found("This key"),
            RotationRefusal::Changed(key) => Self::changed(&key),
            RotationRefusal::NotActive(status) => {
                Self::conflict(&format!("This key is {}; only an active key can be rotated", status.as_str()))
            }
            RotationRefusal::UnderWay => {
                Self::conflict("This key is being rotated already; finish that rotation first")
            }
            RotationRefusal::NotRotating => Self::conflict("This key is not being rotated"),
            RotationRefusal::Used => Self::conflict("The new key was used, so the rotation can't be undone"),
        }
    }
}
