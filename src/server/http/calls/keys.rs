//! `/keys`: create, show, edit, delete.

use std::convert::Infallible;
use std::ops::RangeInclusive;

use axum::extract;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponseParts, ResponseParts};
use axum::{Extension, Json};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::sealed;
use crate::domain::key::fields::written;
use crate::domain::{AccessKey, KeyFormat, KeyId, Lifetimes, SealTo, SecretKey, TextError, Texts};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::access_log::CreatedKey;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::in_force::InForceHeader;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{
    Change, ChangeOutcome, CreateOutcome, ExpiryChange, KeyInsert, RotationInsert, StoreError, StoredRotation,
};

/// The most characters of an `Idempotency-Key` (HTTP contract, part B).
const MOST_IDEMPOTENCY: usize = 255;

/// The `{id}` of a path.
pub(crate) struct Id(pub(crate) String);

/// The answer to a call that makes a key.
pub(crate) type Made = (StatusCode, ETag, Extension<CreatedKey>, Json<Value>);

/// What is asked for in a call that makes a key.
pub(crate) struct Asked {
    pub(crate) texts: Texts,
    pub(crate) expiry: Option<ExpiryChange>,
    pub(crate) seal_to: Option<SealTo>,
    pub(crate) rotation: Option<RotationInsert>,
    pub(crate) fingerprint: [u8; 32],
}

/// `POST /keys`
pub(crate) async fn create(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Made, HttpError> {
    caller.may_change()?;
    let idempotency_key = idempotency_key(request.headers())?;
    // Before the body is read, which may take long: until then a second call must not slip by.
    let _mark = state.0.running.begin(&caller.principal.username, &idempotency_key).ok_or_else(HttpError::running)?;
    let mut fields = Fields::of_json(request).await?;
    let texts = texts(&mut fields)?;
    let expiry = fields.time("expires_at")?;
    let seal_to = sealed::seal_to(&mut fields)?;
    fields.finish()?;
    let fingerprint = fingerprint(&texts, expiry, state.0.lifetimes.default.is_some(), seal_to);
    make(&state, &caller, idempotency_key, Asked { texts, expiry, seal_to, rotation: None, fingerprint }).await
}

/// Makes a key, unless this request was made before.
pub(crate) async fn make(
    state: &AppState,
    caller: &Caller,
    idempotency_key: String,
    asked: Asked,
) -> Result<Made, HttpError> {
    let now = Utc::now();
    let Asked { texts, expiry, seal_to, rotation, fingerprint } = asked;
    let lifetimes = state.0.lifetimes;
    // The new key of a rotation expires as the old one does.
    let expires_at = match (expiry, &rotation) {
        (Some(expiry), _) => expiry.time(),
        (None, Some(_)) => None,
        (None, None) => lifetimes.default_end(now),
    };
    let is_inherited = expiry.is_none() && rotation.is_some();
    if !is_inherited && !lifetimes.allows(expires_at, now) {
        return Err(too_long(lifetimes));
    }
    let (id, secret) = draw(state.0.key_format).map_err(|_| HttpError::unexpected())?;
    let encrypt = || {
        let secret = secret.expose().as_bytes();
        let (encrypted, by) = state.0.vault.encrypt_named(id.raw_for_api(), secret).ok()?;
        Some((encrypted, state.0.vault.digest_with(&by, secret)?, by))
    };
    let (encrypted, digest, encrypted_by) = encrypt().ok_or_else(HttpError::unexpected)?;
    let sealed = sealed::seal(seal_to, &secret, &id)?;
    let mut new = KeyInsert {
        id: id.clone(),
        fingerprint,
        texts,
        expires_at,
        encrypted,
        digest,
        encrypted_by,
        sealed: sealed.clone(),
        actor: caller.actor(),
        rotation,
        rotated: StoredRotation::default(),
        idempotency_key,
    };
    let outcome = match state.0.store.create(new.clone(), now).await {
        Err(StoreError::OtherMasterKey) => {
            state.0.follow_master_key().await?;
            (new.encrypted, new.digest, new.encrypted_by) = encrypt().ok_or_else(HttpError::unexpected)?;
            state.0.store.create(new, now).await?
        }
        outcome => outcome?,
    };
    match outcome {
        CreateOutcome::Fresh(key) => {
            let mut body = json!({ "success": true, "key": wire::KeyBody::from(&key) });
            sealed::put(&mut body, sealed.as_ref(), Some(&secret));
            Ok((StatusCode::CREATED, ETag::of(&key), created(&key), Json(body)))
        }
        CreateOutcome::Replayed(key, sealed) => {
            let mut body = json!({ "success": true, "key": wire::KeyBody::from(&key), "replayed": true });
            sealed::put(&mut body, sealed.as_ref(), None);
            Ok((StatusCode::OK, ETag::of(&key), created(&key), Json(body)))
        }
        CreateOutcome::Gone => Err(HttpError::spent("the key that it created was deleted; use a new one")),
        CreateOutcome::Past => Err(past()),
        CreateOutcome::Other => Err(HttpError::spent("it was used with another body; use a new one")),
        CreateOutcome::NotRotated(refusal) => Err(refusal.into()),
    }
}

/// `GET /keys/{id}`
pub(crate) async fn show(
    extract::State(state): extract::State<AppState>,
    _: Caller,
    Id(id): Id,
) -> Result<(ETag, Json<Value>), HttpError> {
    answer(state.0.store.key(&id, Utc::now()).await?)
}

/// `PATCH /keys/{id}`
pub(crate) async fn edit(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
    request: Request,
) -> Result<(InForceHeader, ETag, Json<Value>), HttpError> {
    caller.may_change()?;
    let now = Utc::now();
    let revision = if_match(request.headers())?;
    let mut fields = Fields::of_json(request).await?;
    let switched_off = match fields.text("status")?.as_deref() {
        None => None,
        Some("active") => Some(false),
        Some("inactive") => Some(true),
        Some(_) => return Err(HttpError::malformed("status", "must be active or inactive")),
    };
    let texts = texts(&mut fields)?;
    let reactivates_at = reactivation(fields.time("reactivates_at")?, switched_off, now)?;
    let change = Change { texts, switched_off, reactivates_at, expires_at: fields.time("expires_at")?, revision };
    fields.finish()?;
    if change.expires_at.and_then(ExpiryChange::time).is_some_and(|end| end <= now) {
        return Err(past());
    }
    if change.expires_at.is_some_and(|end| !state.0.lifetimes.allows(end.time(), now)) {
        return Err(too_long(state.0.lifetimes));
    }
    let may_revoke = change.may_revoke();
    let edited = answer(Some(done(state.0.store.edit(&id, change, caller.actor(), now).await?)?))?;
    let in_force = if may_revoke { InForceHeader::wait(&state.0.store).await } else { InForceHeader::default() };
    let (etag, edited) = edited;
    Ok((in_force, etag, edited))
}

/// `DELETE /keys/{id}`
pub(crate) async fn delete(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<(StatusCode, InForceHeader, ()), HttpError> {
    caller.may_change()?;
    let revision = if_match(&headers)?;
    let outcome = state.0.store.delete(&id, revision, caller.actor(), Utc::now()).await?;
    if outcome == ChangeOutcome::Missing {
        // It may be a repetition whose first answer was lost: what that revoked must be refused everywhere by now.
        InForceHeader::wait(&state.0.store).await;
    }
    done(outcome)?;
    Ok((StatusCode::NO_CONTENT, InForceHeader::wait(&state.0.store).await, ()))
}

pub(crate) fn answer(key: Option<AccessKey>) -> Result<(ETag, Json<Value>), HttpError> {
    let key = key.ok_or_else(|| HttpError::not_found("This key"))?;
    Ok((ETag::of(&key), Json(json!({ "success": true, "key": wire::KeyBody::from(&key) }))))
}

fn done<T>(outcome: ChangeOutcome<T>) -> Result<T, HttpError> {
    match outcome {
        ChangeOutcome::Done(done) => Ok(done),
        ChangeOutcome::Changed(key) => Err(HttpError::changed(&key)),
        ChangeOutcome::Missing => Err(HttpError::not_found("This key")),
    }
}

/// The revision of a key, as the header `ETag`.
pub(crate) struct ETag(Option<u64>);

impl ETag {
    pub(crate) fn of(key: &AccessKey) -> Self {
        Self(key.revision)
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Some(value) = self.0.and_then(|revision| format!("\"{revision}\"").parse().ok()) {
            parts.headers_mut().insert(ETAG, value);
        }
        Ok(parts)
    }
}

/// The revision that a key must have (RFC 9110, section 13.1.1). An entity tag that is none of ours fits no key.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, HttpError> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() || text.contains(',') {
        return Err(HttpError::malformed("If-Match", "must be one entity tag, or *"));
    }
    if text == "*" {
        return Ok(None);
    }
    let revision = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    Ok(Some(revision.unwrap_or(NO_REVISION)))
}

/// The revisions of keys begin with 1.
const NO_REVISION: u64 = 0;

fn created(key: &AccessKey) -> Extension<CreatedKey> {
    Extension(CreatedKey(key.id.raw_for_api().to_owned()))
}

/// When a deactivated key becomes active again by itself; none if never.
fn reactivation(
    asked: Option<ExpiryChange>,
    switched_off: Option<bool>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, HttpError> {
    let refuse = |why| Err(HttpError::malformed("reactivates_at", why));
    match asked.map(ExpiryChange::time) {
        Some(_) if switched_off != Some(true) => refuse("needs the status inactive"),
        None | Some(None) => Ok(None),
        Some(Some(at)) if DEACTIVATED_FOR.contains(&(at - now)) => Ok(Some(at)),
        Some(Some(_)) => refuse("must be 1 minute to 7 days from now"),
    }
}

/// How long a key can be deactivated for a while: with half a minute more at both ends for clocks that differ, and for the
/// way here.
const DEACTIVATED_FOR: RangeInclusive<TimeDelta> = TimeDelta::seconds(30)..=TimeDelta::seconds(7 * 86_400 + 30);

pub(crate) fn past() -> HttpError {
    HttpError::malformed("expires_at", "must be in the future")
}

fn too_long(lifetimes: Lifetimes) -> HttpError {
    HttpError::malformed("expires_at", format!("must be {}", lifetimes.limit_words().unwrap_or_default()))
}

pub(crate) fn texts(fields: &mut Fields) -> Result<Texts, HttpError> {
    let mut texts = Texts::default();
    for (field, _) in written() {
        if let Some(text) = fields.text(field.name)? {
            let refuse = |error: TextError| {
                let words = error.to_string();
                HttpError::malformed(field.name, words.trim_start_matches(field.name).trim_start_matches(": "))
            };
            texts.set(field, &text).map_err(refuse)?;
        }
    }
    Ok(texts)
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<String, HttpError> {
    let refuse = |why| HttpError::malformed("Idempotency-Key", why);
    let mut values = headers.get_all("idempotency-key").iter();
    let value = values.next().ok_or_else(|| refuse("is missing"))?;
    if values.next().is_some() {
        return Err(refuse("is given twice"));
    }
    let text = value.to_str().map_err(|_| refuse("must be visible ASCII"))?;
    match text.len() {
        0 => Err(refuse("is empty")),
        n if n > MOST_IDEMPOTENCY => Err(refuse("is longer than 255 characters")),
        _ => Ok(text.to_owned()),
    }
}

/// SHA-256 of what is asked for, however it was written. Texts other than the label count if there are any, and so does
/// what it is sealed to, so that a create can be repeated after an update that brings a new field.
pub(crate) fn fingerprint(
    texts: &Texts,
    expiry: Option<ExpiryChange>,
    has_default: bool,
    seal_to: Option<SealTo>,
) -> [u8; 32] {
    let expiry = match expiry {
        // With a default it differs from "never", which is `null`.
        None if has_default => "default".into(),
        expiry => expiry.and_then(ExpiryChange::time).map(|end| end.timestamp_millis()).into(),
    };
    let mut parts: Vec<Value> = vec![texts.label().into(), expiry];
    let others = texts.iter().filter(|(name, text)| *name != "label" && !text.is_empty());
    parts.extend(others.map(|(name, text)| Value::from(vec![name, text])));
    parts.extend(seal_to.map(|to| Value::from(vec![sealed::SEAL_TO, &to.text()])));
    Sha256::digest(Value::from(parts).to_string()).into()
}

/// A new ID and its secret, from the system's random source.
fn draw(format: KeyFormat) -> Result<(KeyId, SecretKey), getrandom::Error> {
    let mut id = [0; 28];
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut id)?;
    getrandom::fill(secret.as_mut_slice())?;
    Ok((KeyId::from_random(&id, format), SecretKey::from_random(&secret, format)))
}

impl FromRequestParts<AppState> for Id {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(KeyId::as_stored(id))).map_err(|_| HttpError::malformed("id", "is not readable"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_left_to_the_server_differs_from_none() {
        let of = |expiry, has_default| fingerprint(&Texts::default(), expiry, has_default, None);
        assert_ne!(of(None, true), of(Some(ExpiryChange::Never), true));
        assert_eq!(of(None, false), of(Some(ExpiryChange::Never), false), "as before there were defaults");
    }
}
