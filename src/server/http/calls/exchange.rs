//! `/auth`: exchanging an HMAC token for an access token, and verifying an access token.

use axum::Json;
use axum::extract;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::domain::{KeyId, Status, hmac_token};
use crate::server::auth::token::Claims;
use crate::server::auth::{decoy, token};
use crate::server::http::request::client_addr::{ClientAddr, LoggedPrincipal};
use crate::server::http::request::fields::Fields;
use crate::server::http::response::failure::HttpError;
use crate::server::state::{AppState, AppStateInner};
use crate::server::store::{Issued, KeyCredential, USED_AFTER_ROTATION, Use};

/// The reason of a refused exchange in the history of its key.
const WRONG_HASH: &str = "wrong hash";

/// What proves that a client has the secret of a key.
struct Proof {
    id: String,
    hash: String,
    content: String,
}

/// What an exchange gives.
struct ExchangedTokens {
    access_token: Zeroizing<String>,
    /// Random: no call takes it yet.
    refresh_token: String,
    /// The end of the access token, in Unix seconds.
    expires: i64,
}

/// The answer to an exchange.
#[derive(Serialize)]
struct Exchanged<'a> {
    success: bool,
    access_token: &'a str,
    refresh_token: &'a str,
    expiry_time: i64,
}

/// `POST /auth/client_token`: the exchange.
pub(crate) async fn client_token(
    extract::State(state): extract::State<AppState>,
    ClientAddr(source): ClientAddr,
    who: LoggedPrincipal,
    request: Request,
) -> Result<Response, HttpError> {
    let id = KeyId::as_stored(header(request.headers(), "x-key")?);
    let hash = header(request.headers(), "x-hash")?;
    let mut fields = Fields::of_body(request).await?;
    if fields.required("scope")? != "docs_api" {
        return Err(HttpError::malformed("scope", "must be docs_api"));
    }
    let content = fields.required("content")?;
    if content.is_empty() {
        return Err(HttpError::malformed("content", "is empty"));
    }
    let proof = Proof { id, hash, content };
    let issued = state.0.exchange(&proof, &source, &who, Utc::now()).await?;
    Ok(Json(Exchanged {
        success: true,
        access_token: &issued.access_token,
        refresh_token: &issued.refresh_token,
        expiry_time: issued.expires,
    })
    .into_response())
}

/// `GET /auth/verify`: any method, since proxies ask with that of the request that they hold.
pub(crate) async fn verify(
    extract::State(state): extract::State<AppState>,
    source: ClientAddr,
    who: LoggedPrincipal,
    headers: HeaderMap,
) -> Result<Verified, HttpError> {
    verify_now(&state, &headers, &source, &who)
}

/// The answer for an access token that is good, with the ID of its key.
type Verified = (StatusCode, [(HeaderName, HeaderValue); 1]);

/// Answers from memory. On SQLite it reads the revocations again first if another connection has committed something.
pub(crate) fn verify_now(
    state: &AppState,
    headers: &HeaderMap,
    source: &ClientAddr,
    who: &LoggedPrincipal,
) -> Result<Verified, HttpError> {
    let id = state.0.verify(headers, &source.0, who)?;
    Ok((StatusCode::NO_CONTENT, [(HeaderName::from_static("x-access-key-id"), id)]))
}

/// The same below that path, where Envoy asks, which takes no other status than 200 for a yes.
pub(crate) async fn verify_below(
    state: extract::State<AppState>,
    source: ClientAddr,
    who: LoggedPrincipal,
    headers: HeaderMap,
) -> Result<Verified, HttpError> {
    let (_, key) = verify(state, source, who, headers).await?;
    Ok((StatusCode::OK, key))
}

/// The access token of a request: in a header of its own, or as RFC 6750 has it. Two that differ are refused: the
/// application behind a proxy might believe the other one.
fn access_token(headers: &HeaderMap) -> Result<&str, &'static str> {
    // A proxy may send an empty header for one that it didn't get.
    let own = ["x-access-token", "x-api-token"].into_iter().flat_map(|name| headers.get_all(name));
    let own = own.filter(|value| !value.is_empty()).map(|value| value.to_str().unwrap_or_default());
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
    });
    let own = only(own)?;
    own.map_or_else(|| only(bearer), |own| Ok(Some(own)))?.ok_or("it is missing")
}

fn only<'a>(mut tokens: impl Iterator<Item = &'a str>) -> Result<Option<&'a str>, &'static str> {
    let first = tokens.next();
    if tokens.all(|other| Some(other) == first) { Ok(first) } else { Err("there is more than one") }
}

impl AppStateInner {
    /// The ID of the key that a request's access token was made from, if the token is good.
    fn verify(&self, headers: &HeaderMap, source: &str, who: &LoggedPrincipal) -> Result<HeaderValue, HttpError> {
        let given = access_token(headers).map_err(HttpError::token)?;
        let now = Utc::now();
        let given = token::Unverified::of(given).map_err(HttpError::token)?;
        let key = self.signing_keys.find(&given.key_id, &self.store, &self.vault)?;
        let key = key.ok_or_else(|| HttpError::token(token::MALFORMED))?;
        let claims = given.verify(&key, now.timestamp()).map_err(HttpError::token)?;
        who.is(&claims.sub);
        let signed_by = given.key_id.as_str();
        let issued = Issued { key: &claims.sub, generation: claims.r#gen, of_all: claims.all, signed_by };
        if self.store.is_revoked(issued, now)? {
            return Err(HttpError::token("it was revoked"));
        }
        self.usage_recorder.used(&claims.sub, source, now);
        HeaderValue::from_str(&claims.sub).map_err(|_| HttpError::unexpected())
    }

    /// Does the same work whatever is wrong, and decides at the end.
    async fn exchange(
        &self,
        proof: &Proof,
        source: &str,
        who: &LoggedPrincipal,
        now: DateTime<Utc>,
    ) -> Result<ExchangedTokens, HttpError> {
        let found = self.store.credential(&proof.id, now).await?;
        let (id, encrypted) =
            found.as_ref().map_or((decoy::KEY_ID, &self.decoy), |key| (proof.id.as_str(), &key.encrypted));
        let secret = self.vault.decrypt(id, encrypted);
        let readable = secret.is_some();
        if found.is_some() && !readable {
            // Not the client's fault where the key was encrypted anew while this server was cut off.
            self.follow_master_key().await?;
        }
        let secret = secret.unwrap_or_default();
        let matches = hmac_token(&secret, proof.content.as_bytes()).matches(&proof.hash);
        let end = token_end(found.as_ref(), now);
        let mut random = [0; 48];
        getrandom::fill(&mut random).map_err(|_| HttpError::unexpected())?;
        let (jti, refresh) = random.split_at(16);
        let issuing = self.store.issuing()?;
        let signed_by = self.signing_keys.open(&issuing.signed_by, &self.vault).ok_or_else(HttpError::unexpected)?;
        let claims = Claims {
            sub: proof.id.clone(),
            r#gen: found.as_ref().map_or(0, |key| key.generation),
            iat: now.timestamp(),
            exp: end,
            all: issuing.of_all,
            jti: base16ct::lower::encode_string(jti),
        };
        let token = token::sign(&signed_by, &issuing.signed_by.id, &claims);
        let refused = match &found {
            None => {
                who.is(decoy::KEY_ID);
                self.usage_recorder.refused_unknown(source, WRONG_HASH, now);
                return Err(HttpError::verification("unknown key"));
            }
            Some(_) if !(readable && matches) => Some(WRONG_HASH),
            Some(key) if key.status == Status::Expired && key.is_replaced => Some(USED_AFTER_ROTATION),
            Some(key) if key.status != Status::Active => Some(key.status.as_str()),
            Some(_) => None,
        };
        who.is(&proof.id);
        match (refused, token) {
            (None, Some(token)) => {
                if found.is_some_and(|key| key.is_unused_successor) {
                    // From now on its rotation can't be undone, on any server.
                    let first = Use { at: now, from: source.to_owned() };
                    if !self.store.first_use(&proof.id, first).await? {
                        return Err(HttpError::verification("unknown key"));
                    }
                }
                self.usage_recorder.issued(&proof.id, claims.r#gen, source, now);
                let refresh_token = base16ct::lower::encode_string(refresh);
                Ok(ExchangedTokens { access_token: token, refresh_token, expires: end })
            }
            (refused, _) => {
                let why = refused.unwrap_or("the token could not be signed");
                self.usage_recorder.refused(&proof.id, source, why, now);
                Err(HttpError::verification(why))
            }
        }
    }
}

/// A token never outlives its key.
fn token_end(key: Option<&KeyCredential>, now: DateTime<Utc>) -> i64 {
    let end = now.timestamp() + token::LIFETIME;
    key.and_then(|key| key.expires_at).map_or(end, |expires| end.min(expires.timestamp()))
}

fn header(headers: &HeaderMap, name: &str) -> Result<String, HttpError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or_else(|| HttpError::malformed(name, "is missing"))?;
    if values.next().is_some() {
        return Err(HttpError::malformed(name, "is given twice"));
    }
    let text = value.to_str().map_err(|_| HttpError::malformed(name, "must be visible ASCII"))?;
    if text.is_empty() { Err(HttpError::malformed(name, "is empty")) } else { Ok(text.to_owned()) }
}
