//! `/handovers`: secrets that an administrator hands over to someone who has a one-time code.
//!
//! `open` and `confirm` need no session: the code is what counts, and its tries are limited like sign-ins. Whoever sends the
//! whole code (with `curl`) lets the server decrypt; `latchkey receive` sends the first characters and a proof of the rest.

use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::extract::{Path, Request};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::domain::{HandoverCode, HandoverKeys, KeyId, SecretKey, lookup_digest};
use crate::server::http::request::client_addr::{ClientAddr, LoggedPrincipal};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::net::throttle::{NotAdmitted, network};
use crate::server::state::{AppState, AppStateInner};
use crate::server::store::{
    HandoverOutcome, HandoverState, HandoverStep, NewHandover, Opener, StoredHandover, WhichHandover,
};

/// How long a secret waits: at least, by default, and at most; in seconds.
const WAITS: [u64; 3] = [60, 60 * 60, 7 * 24 * 60 * 60];
/// The longest ciphertext.
const MOST_SEALED: usize = 4096;
/// How long a PIN waits to be checked: longer only in a flood.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);

/// To whoever comes second.
const OPENED_BEFORE: &str = "Someone else has opened this secret before: tell the administrator";
const SENT_ONCE: &str = "This secret was opened before, without an opener, and is then sent only once: if it wasn't you, \
    others know the code. Tell the administrator in any case";
/// To whoever has the right code and PIN.
const TRIED: &str = "The secret is deleted: a wrong code or PIN was given too often, perhaps by someone else. Tell the \
    administrator";

/// `POST /handovers`
pub(crate) async fn create(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<Value>), HttpError> {
    caller.may_change()?;
    let mut fields = Fields::of_json(request).await?;
    let mut text = |name| fields.required(name);
    let (lookup, proof) = (text("lookup")?, text("proof")?);
    let (sealed, key_id) = (text("sealed")?, KeyId::as_stored(text("key_id")?));
    let seconds = fields.count_if_any("ttl_seconds", WAITS[2])?.unwrap_or(WAITS[1]);
    let has_pin = fields.flag("has_pin")?.unwrap_or(false);
    fields.finish()?;
    let (lookup, proof) = (digest("lookup", &lookup)?, digest("proof", &proof)?);
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok().filter(|sealed| (17..=MOST_SEALED).contains(&sealed.len()));
    let sealed = sealed.ok_or_else(|| HttpError::malformed("sealed", "must be a ciphertext, in base64url"))?;
    if seconds < WAITS[0] {
        return Err(HttpError::malformed("ttl_seconds", format!("must be {} or more", WAITS[0])));
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| HttpError::unexpected())?;
    let (id, now) = (base16ct::lower::encode_string(&random), Utc::now());
    let until = now + TimeDelta::seconds(seconds.cast_signed());
    let new = NewHandover { id: id.clone(), lookup, proof, sealed, key_id, has_pin, until, actor: caller.actor() };
    let none = || HttpError::not_found("This key");
    if !state.0.store.hand_over(new, now).await? {
        return Err(none());
    }
    let stored = state.0.store.handover(WhichHandover::Id(id)).await?.ok_or_else(none)?;
    Ok((StatusCode::CREATED, Json(json!({ "success": true, "handover": body(&stored, now) }))))
}

/// `GET /handovers`
pub(crate) async fn list(extract::State(state): extract::State<AppState>, _: Caller) -> Result<Json<Value>, HttpError> {
    let now = Utc::now();
    let all: Vec<Value> = state.0.store.handovers().await?.iter().map(|stored| body(stored, now)).collect();
    Ok(Json(json!({ "success": true, "handovers": all })))
}

/// `DELETE /handovers/{id}`
pub(crate) async fn take_back(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    id: Result<Path<String>, extract::rejection::PathRejection>,
) -> Result<StatusCode, HttpError> {
    caller.may_change()?;
    let Path(id) = id.map_err(|_| HttpError::malformed("id", "is not readable"))?;
    let step = HandoverStep::TakeBack(caller.actor());
    match state.0.store.step_handover(WhichHandover::Id(id), step, Utc::now()).await? {
        HandoverOutcome::Done => Ok(StatusCode::NO_CONTENT),
        HandoverOutcome::Unknown => Err(HttpError::not_found("This hand-over")),
        _ => Err(HttpError::conflict("The secret was opened already, or its time is over")),
    }
}

/// `DELETE /handovers/{id}/alarm`
pub(crate) async fn acknowledge(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    id: Result<Path<String>, extract::rejection::PathRejection>,
    uri: Uri,
) -> Result<StatusCode, HttpError> {
    caller.may_change()?;
    let Path(id) = id.map_err(|_| HttpError::malformed("id", "is not readable"))?;
    let mut fields = Fields::of_query(&uri)?;
    let seen = fields.text("at")?.map(|text| DateTime::parse_from_rfc3339(&text)).transpose();
    let seen = seen.map_err(|_| HttpError::malformed("at", "must be a time as in RFC 3339"))?;
    fields.finish()?;
    let step = HandoverStep::Acknowledge(caller.actor(), seen.map(|at| at.to_utc()));
    match state.0.store.step_handover(WhichHandover::Id(id), step, Utc::now()).await? {
        HandoverOutcome::Done => Ok(StatusCode::NO_CONTENT),
        HandoverOutcome::Ended => Err(HttpError::conflict("Someone else tried again since this alarm")),
        _ => Err(HttpError::not_found("This hand-over")),
    }
}

/// `POST /handovers/open`
pub(crate) async fn open(
    state: extract::State<AppState>,
    source: ClientAddr,
    who: LoggedPrincipal,
    request: Request,
) -> Response {
    let is_plain = wants_text(request.headers());
    match open_as(is_plain, state, source, who, request).await {
        Ok(answer) => answer,
        Err(error) if is_plain => error.into_text(),
        Err(error) => error.into_response(),
    }
}

async fn open_as(
    is_plain: bool,
    extract::State(state): extract::State<AppState>,
    ClientAddr(source): ClientAddr,
    who: LoggedPrincipal,
    request: Request,
) -> Result<Response, HttpError> {
    let mut fields = Fields::of_body(request).await?;
    let now = Utc::now();
    let pin = fields.text("pin")?.map(SecretString::from);
    let pin = pin.filter(|pin| !pin.expose_secret().trim().is_empty());
    let (code, opener) = (fields.text("code")?.map(Zeroizing::new), fields.text("opener")?);
    let (lookup, proof) = (fields.text("lookup")?, fields.text("proof")?);
    let with_pin = fields.flag("with_pin")?.unwrap_or(false);
    fields.finish()?;
    let opener = opener_of(opener, source)?;
    let Some(code) = parsed(code)? else {
        let (lookup, proof) = (given("lookup", lookup)?, URL_SAFE_NO_PAD.decode(given("proof", proof)?));
        let lookup = WhichHandover::Lookup(lookup_digest(&lookup));
        let proof = proof.map_err(|_| HttpError::malformed("proof", "must be base64url"))?;
        admit(&state.0, &opener).await?;
        needs_pin(&state.0, &lookup, with_pin).await?;
        let (sealed, key_id) = opened(&state.0, lookup, Sha256::digest(proof).into(), opener, &who, now).await?;
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        return Ok(Json(json!({ "success": true, "key_id": key_id, "sealed": sealed })).into_response());
    };
    admit(&state.0, &opener).await?;
    let lookup = WhichHandover::Lookup(code.lookup_digest());
    let with_pin = needs_pin(&state.0, &lookup, pin.is_some()).await?;
    let keys = match pin.filter(|_| with_pin) {
        None => code.keys(None),
        Some(pin) => {
            let stretched = timeout(CHECK_PATIENCE, state.0.passwords.code_keys(code, pin)).await;
            let stretched = stretched.map_err(|_| HttpError::too_many_codes(CHECK_PATIENCE))?;
            stretched.map_err(|_| HttpError::panicked())?
        }
    };
    let keys: HandoverKeys = keys.ok_or_else(HttpError::unexpected)?;
    let (sealed, key_id) = opened(&state.0, lookup, keys.proof_digest(), opener, &who, now).await?;
    let secret = KeyId::parse(&key_id).ok().and_then(|id| keys.open(&sealed, &id));
    let secret: SecretKey = secret.ok_or_else(HttpError::unexpected)?;
    if is_plain {
        let head = [(CONTENT_TYPE.as_str(), "text/plain; charset=utf-8"), ("x-access-key-id", &key_id)];
        return Ok((head, format!("{}\n", secret.expose())).into_response());
    }
    Ok(Json(json!({ "success": true, "key_id": key_id, "secret_access_key": secret.expose() })).into_response())
}

/// `POST /handovers/confirm`
pub(crate) async fn confirm(
    extract::State(state): extract::State<AppState>,
    ClientAddr(source): ClientAddr,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let mut fields = Fields::of_body(request).await?;
    let (code, lookup) = (fields.text("code")?.map(Zeroizing::new), fields.text("lookup")?);
    let opener = fields.required("opener")?;
    fields.finish()?;
    let opener = opener_of(Some(opener), source)?;
    let lookup = match parsed(code)? {
        Some(code) => code.lookup_digest(),
        None => lookup_digest(&given("lookup", lookup)?),
    };
    state.0.throttle.admit_confirmation(&network(&opener.address)).await.map_err(not_admitted)?;
    let step = HandoverStep::Confirm { opener };
    match state.0.store.step_handover(WhichHandover::Lookup(lookup), step, Utc::now()).await? {
        HandoverOutcome::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(HttpError::not_found("A secret that you opened with this code")),
    }
}

/// Counts a try like one of a sign-in.
async fn admit(state: &AppStateInner, opener: &Opener) -> Result<(), HttpError> {
    state.throttle.admit_code(&network(&opener.address)).await.map_err(not_admitted)
}

fn not_admitted(refused: NotAdmitted) -> HttpError {
    match refused {
        NotAdmitted::TooMany(wait) => HttpError::too_many_codes(wait),
        refused @ NotAdmitted::Store(_) => refused.into(),
    }
}

/// Refuses a try without the PIN, which is counted as none. Tells whether there is one.
async fn needs_pin(state: &AppStateInner, which: &WhichHandover, with_pin: bool) -> Result<bool, HttpError> {
    let has_pin = state.store.handover(which.clone()).await?.is_some_and(|stored| stored.has_pin);
    if has_pin && !with_pin {
        return Err(HttpError::malformed("pin", "is missing: this secret has one"));
    }
    Ok(has_pin)
}

/// Opens: the ciphertext, and of which key.
async fn opened(
    state: &AppStateInner,
    which: WhichHandover,
    proof: [u8; 32],
    opener: Opener,
    who: &LoggedPrincipal,
    now: DateTime<Utc>,
) -> Result<(Vec<u8>, String), HttpError> {
    match state.store.step_handover(which, HandoverStep::Open { proof, opener }, now).await? {
        HandoverOutcome::Opened { sealed, key_id } => {
            who.is(&key_id);
            Ok((sealed, key_id))
        }
        HandoverOutcome::OpenedBefore { key_id, by_address } => {
            who.is(&key_id);
            Err(HttpError::gone(if by_address { SENT_ONCE } else { OPENED_BEFORE }))
        }
        HandoverOutcome::Wrong(0) => {
            Err(HttpError::gone("The code or the PIN was wrong too often: the secret is deleted"))
        }
        HandoverOutcome::Wrong(left) => {
            Err(HttpError::forbidden(&format!("The code or the PIN is wrong; tries left: {left}")))
        }
        HandoverOutcome::Spent => Err(HttpError::gone("You have opened this secret before, and it is deleted now")),
        HandoverOutcome::Over(state) => Err(HttpError::gone(match state {
            HandoverState::TriedTooOften => TRIED,
            HandoverState::TakenBack => "The administrator has taken this secret back",
            _ => "The time of this code is over: the secret is deleted",
        })),
        HandoverOutcome::Ended => Err(HttpError::gone("This code no longer opens a secret")),
        HandoverOutcome::Unknown | HandoverOutcome::Done => Err(HttpError::not_found("A secret with this code")),
    }
}

fn digest(name: &str, text: &str) -> Result<[u8; 32], HttpError> {
    let digest = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    digest.ok_or_else(|| HttpError::malformed(name, "must be a SHA-256, in base64url"))
}

fn given(name: &str, text: Option<String>) -> Result<String, HttpError> {
    text.ok_or_else(|| HttpError::malformed(name, "is missing"))
}

fn parsed(code: Option<Zeroizing<String>>) -> Result<Option<HandoverCode>, HttpError> {
    let wrong = || HttpError::malformed("code", "must have 30 letters and digits, without U");
    code.map(|code| HandoverCode::parse(&code).ok_or_else(wrong)).transpose()
}

fn opener_of(nonce: Option<String>, address: String) -> Result<Opener, HttpError> {
    if nonce.as_ref().is_some_and(|nonce| !(16..=100).contains(&nonce.len())) {
        return Err(HttpError::malformed("opener", "must have 16 to 100 characters"));
    }
    Ok(Opener { nonce: nonce.map(|nonce| Sha256::digest(nonce).into()), address })
}

/// Whether a client asks for plain text rather than JSON.
fn wants_text(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/plain"))
}

fn body(stored: &StoredHandover, now: DateTime<Utc>) -> Value {
    json!({
        "id": stored.id,
        "key_id": stored.key_id,
        "label": stored.label,
        "state": stored.state(now).as_str(),
        "has_pin": stored.has_pin,
        "created_by": stored.created_by,
        "created_at": wire::time(stored.created_at),
        "until": wire::time(stored.until),
        "opened_at": stored.opened_at.map(wire::time),
        "opened_from": stored.opened_from,
        "confirmed_at": stored.confirmed_at.map(wire::time),
        "opened_again_at": stored.again_at.map(wire::time),
        "opened_again_from": stored.again_from,
        "wrong_tries": stored.tries,
        "ended_at": stored.ended_at.map(wire::time),
        "ended_from": stored.ended_from,
        "acknowledged_at": stored.acknowledged_at.map(wire::time),
    })
}
