//! `/keys`: create, show, edit, delete.

use axum::Json;
use axum::extract;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::client_addr::Source;
use super::failure::Failure;
use super::fields::Fields;
use super::session::Asker;
use super::wire;
use crate::domain::{AccessKey, KeyId, Label, SecretKey};
use crate::server::State;
use crate::server::store::{Change, Created, End, NewKey, StoreError};

/// The most characters of an `Idempotency-Key` (HTTP contract, part B).
const MOST_IDEMPOTENCY: usize = 255;

/// The `{id}` of a path.
pub(crate) struct Id(pub(crate) String);

/// `POST /keys`
pub(crate) async fn create(
    extract::State(state): extract::State<State>,
    asker: Asker,
    Source(source): Source,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Failure> {
    asker.may_change()?;
    let idempotency_key = idempotency_key(request.headers())?;
    // Before the body is read, which may take long: until then a second call must not slip by.
    let mark = state.0.running.begin(&asker.username, &idempotency_key).ok_or_else(Failure::running)?;
    let now = Utc::now();
    let mut fields = Fields::of_json(request).await?;
    let label = label(&mut fields)?.unwrap_or_default();
    let expires_at = fields.time("expires_at")?.and_then(End::time);
    fields.finish()?;
    let (id, secret) = draw().map_err(|_| Failure::unexpected())?;
    let created = state.with_store(move |store| {
        let _mark = mark;
        let new = NewKey {
            id: id.raw_for_api(),
            label: &label,
            expires_at,
            secret: &secret,
            by: &asker.username,
            source: &source,
            idempotency_key: &idempotency_key,
            fingerprint: fingerprint(&label, expires_at),
        };
        store.create(&new, now).map(|created| (created, secret))
    });
    match created.await? {
        (Created::Fresh(key), secret) => {
            let secret = secret.expose();
            Ok((
                StatusCode::CREATED,
                Json(json!({ "success": true, "key": wire::Key::from(&key), "secret_access_key": secret })),
            ))
        }
        (Created::Replayed(key), _) => {
            let key = wire::Key::from(&key);
            let body = json!({ "success": true, "key": key, "secret_access_key": null, "replayed": true });
            Ok((StatusCode::OK, Json(body)))
        }
        (Created::Gone, _) => Err(Failure::spent("the key that it created was deleted; use a new one")),
        (Created::Past, _) => Err(past()),
        (Created::Other, _) => Err(Failure::spent("it was used with another body; use a new one")),
    }
}

/// `GET /keys/{id}`
pub(crate) async fn show(
    extract::State(state): extract::State<State>,
    _: Asker,
    Id(id): Id,
) -> Result<Json<Value>, Failure> {
    answer(state.with_store(move |store| store.key(&id, Utc::now())).await?)
}

/// `PATCH /keys/{id}`
pub(crate) async fn edit(
    extract::State(state): extract::State<State>,
    asker: Asker,
    Id(id): Id,
    Source(source): Source,
    request: Request,
) -> Result<Json<Value>, Failure> {
    asker.may_change()?;
    let now = Utc::now();
    let mut fields = Fields::of_json(request).await?;
    let switched_off = match fields.text("status")?.as_deref() {
        None => None,
        Some("active") => Some(false),
        Some("inactive") => Some(true),
        Some(_) => return Err(Failure::malformed("status", "must be active or inactive")),
    };
    let change = Change { label: label(&mut fields)?, switched_off, expires_at: fields.time("expires_at")? };
    fields.finish()?;
    if change.expires_at.and_then(End::time).is_some_and(|end| end <= now) {
        return Err(past());
    }
    answer(state.with_store(move |store| store.edit(&id, &change, &asker.username, &source, now)).await?)
}

/// `DELETE /keys/{id}`
pub(crate) async fn delete(
    extract::State(state): extract::State<State>,
    asker: Asker,
    Id(id): Id,
    Source(source): Source,
) -> Result<StatusCode, Failure> {
    asker.may_change()?;
    let deleted = state.with_store(move |store| store.delete(&id, &asker.username, &source, Utc::now())).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Failure::not_found("This key")) }
}

fn answer(key: Option<AccessKey>) -> Result<Json<Value>, Failure> {
    let key = key.ok_or_else(|| Failure::not_found("This key"))?;
    Ok(Json(json!({ "success": true, "key": wire::Key::from(&key) })))
}

fn past() -> Failure {
    Failure::malformed("expires_at", "must be in the future")
}

fn label(fields: &mut Fields) -> Result<Option<Label>, Failure> {
    let parse = |text: String| {
        Label::parse(&text)
            .map_err(|error| Failure::malformed("label", error.to_string().trim_start_matches("label: ")))
    };
    fields.text("label")?.map(parse).transpose()
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Failure> {
    let refuse = |why| Failure::malformed("Idempotency-Key", why);
    let value = headers.get("idempotency-key").ok_or_else(|| refuse("is missing"))?;
    let text = value.to_str().map_err(|_| refuse("must be visible ASCII"))?;
    match text.len() {
        0 => Err(refuse("is empty")),
        n if n > MOST_IDEMPOTENCY => Err(refuse("is longer than 255 characters")),
        _ => Ok(text.to_owned()),
    }
}

/// SHA-256 of what is asked for, however it was written.
fn fingerprint(label: &Label, expires_at: Option<DateTime<Utc>>) -> [u8; 32] {
    Sha256::digest(json!([label.as_str(), expires_at.map(|end| end.timestamp_millis())]).to_string()).into()
}

/// A new ID and its secret, from the system's random source.
pub(crate) fn draw() -> Result<(KeyId, SecretKey), StoreError> {
    let mut id = [0; 18];
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut id)?;
    getrandom::fill(secret.as_mut_slice())?;
    Ok((KeyId::from_random(&id), SecretKey::from_random(&secret)))
}

impl FromRequestParts<State> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Failure::malformed("id", "is not readable"))
    }
}
