//! The HTTP client: one method per call of the contract.

mod exchange;
mod look;
mod session;

use std::path::Path;

use reqwest::header::{AUTHORIZATION, CONNECTION, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

pub use exchange::Exchanged;
pub use look::{Event, Health};
pub use session::Session;

use super::wire::{self, WireCreated, WireError, WireKeyAnswer, WirePage};
use super::{ApiError, Changes, Connection, Creation, ListRequest, NewKey, Page, Place, Target, transport, web_page};
use crate::model::{AccessKey, Filter, KeyId, Order, SecretKey, Untrusted};

/// The largest answer that is read: 1,000 keys of the contract's longest form, twice over.
const BODY_LIMIT: usize = 4 << 20;
/// The `code` of an exchange that is refused (HTTP contract, part A).
const VERIFICATION_FAILED: i64 = 1000;
/// The largest answer that may hold a secret.
const SECRET_BODY_LIMIT: usize = 64 << 10;

/// A connection to one server, as one administrator. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    session: Option<HeaderValue>,
}

impl Client {
    /// A client of a server that listens on a Unix socket.
    pub fn unix(socket: &Path, session: &SecretString) -> Result<Self, ApiError> {
        Self::build(transport::http_on_socket(socket)?, "http://localhost", Some(session))
    }

    /// A client of a server of this machine at a base URL such as `http://127.0.0.1:8080`.
    pub fn tcp(base: &str, session: &SecretString) -> Result<Self, ApiError> {
        Self::build(transport::http_on_loopback()?, base, Some(session))
    }

    /// A client of any server. Without a session it can only sign in. Reads the files that `connection` names.
    pub fn connect(connection: &Connection, session: Option<&SecretString>) -> Result<Self, ApiError> {
        let base = match &connection.target {
            Target::Socket(_) => "http://localhost",
            Target::Url(base) => base.as_str(),
        };
        Self::build(transport::http(connection)?, base, session)
    }

    /// The same connection, as nobody.
    #[must_use]
    pub fn without_session(&self) -> Self {
        Self { session: None, ..self.clone() }
    }

    /// Whether it speaks for somebody.
    #[must_use]
    pub const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// The same connection, as the administrator whose session it is.
    pub fn with_session(&self, session: &SecretString) -> Result<Self, ApiError> {
        Ok(Self { session: Some(bearer(session)?), ..self.clone() })
    }

    fn build(http: reqwest::Client, base: &str, session: Option<&SecretString>) -> Result<Self, ApiError> {
        let base = Url::parse(&format!("{}/api/v2", base.trim_end_matches('/')))
            .map_err(|_| ApiError::NotStarted("The base URL is not a URL.".into()))?;
        Ok(Self { http, base, session: session.map(bearer).transpose()? })
    }

    /// A page of keys, in the list's order wherever it was asked from.
    pub async fn list(&self, request: &ListRequest) -> Result<Page, ApiError> {
        self.page(request, ListRequest::PAGE).await
    }

    /// A page of at most `limit` keys, up to the contract's 1,000.
    pub async fn page(&self, request: &ListRequest, limit: usize) -> Result<Page, ApiError> {
        let upward = matches!(request.place, Place::End | Place::Before(_));
        let order = if upward { request.query.order.flipped() } else { request.query.order };
        let call = self
            .call(Method::GET, &["keys"])
            .query(&[("limit", limit.to_string().as_str())])
            .query(&[("sort", request.query.sort.as_str()), ("order", order.as_str())])
            .query(&filter_pairs(&request.query.filter))
            .query(&[("total", request.counted)]);
        let call = match &request.place {
            Place::After(cursor) | Place::Before(cursor) => call.query(&[("cursor", &cursor.0)]),
            Place::Start | Place::End => call,
        };
        let page: WirePage = read(call.send().await?, BODY_LIMIT).await?;
        page.into_page(&request.place)
    }

    /// How many keys match.
    pub async fn count(&self, filter: &Filter) -> Result<u64, ApiError> {
        let call = self.call(Method::GET, &["keys"]).query(&[("limit", "1"), ("order", Order::Asc.as_str())]);
        let page: WirePage = read(call.query(&filter_pairs(filter)).send().await?, BODY_LIMIT).await?;
        page.total.ok_or(ApiError::Garbled(200, "it has no total"))
    }

    /// Creates a key. May be repeated with the same `new`: one key is made.
    pub async fn create(&self, new: &NewKey) -> Result<Creation, ApiError> {
        let call = self
            .call(Method::POST, &["keys"])
            .header("idempotency-key", &new.idempotency_key.0)
            .header(CONNECTION, "close") // its buffers held a secret: they go with it
            .json(&wire::new_key(new));
        let created: WireCreated = read(call.send().await?, SECRET_BODY_LIMIT).await?;
        let key = created.key.into_key()?;
        match created.secret_access_key {
            Some(secret) => Ok(Creation::New(key, SecretKey::foreign(secret.expose_secret()))),
            None => Ok(Creation::Replayed(key)),
        }
    }

    /// One key.
    pub async fn key(&self, id: &KeyId) -> Result<AccessKey, ApiError> {
        let call = self.call(Method::GET, &["keys", id.raw_for_api()]);
        let answer: WireKeyAnswer = read(call.send().await?, BODY_LIMIT).await?;
        answer.key.into_key()
    }

    /// Changes a key.
    pub async fn edit(&self, id: &KeyId, changes: &Changes) -> Result<AccessKey, ApiError> {
        let call = self.call(Method::PATCH, &["keys", id.raw_for_api()]).json(&wire::changes(changes));
        let answer: WireKeyAnswer = read(call.send().await?, BODY_LIMIT).await?;
        answer.key.into_key()
    }

    /// Deletes a key. One that is already gone counts as deleted.
    pub async fn delete(&self, id: &KeyId) -> Result<(), ApiError> {
        self.remove(id).await.map(|_| ())
    }

    /// Deletes a key; says whether it was there.
    pub async fn remove(&self, id: &KeyId) -> Result<bool, ApiError> {
        let response = self.call(Method::DELETE, &["keys", id.raw_for_api()]).send().await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(true),
            // A web page that says 404 is not about the key.
            _ => match refusal(response).await {
                ApiError::NotFound(_) => Ok(false),
                error => Err(error),
            },
        }
    }

    /// A call that needs a session.
    fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let call = self.anyone(method, path);
        match &self.session {
            Some(session) => call.header(AUTHORIZATION, session.clone()),
            None => call,
        }
    }

    /// A call that needs none.
    fn anyone(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path); // percent-encodes: an ID of another server is any text
        }
        self.http.request(method, url)
    }
}

/// The header that bears a session. Never printed.
fn bearer(session: &SecretString) -> Result<HeaderValue, ApiError> {
    let text = Zeroizing::new(format!("Bearer {}", session.expose_secret()));
    let mut header = HeaderValue::from_str(&text)
        .map_err(|_| ApiError::NotStarted("The session token has characters that no header can hold.".into()))?;
    header.set_sensitive(true);
    Ok(header)
}

fn filter_pairs(filter: &Filter) -> Vec<(&'static str, &str)> {
    let mut pairs = Vec::new();
    if !filter.text.is_empty() {
        pairs.push(("q", filter.text.as_str()));
    }
    if let Some(status) = filter.status {
        pairs.push(("status", status.as_str()));
    }
    pairs
}

/// Reads a good answer. The parser's own error is dropped: it may quote the value that it stumbled over.
async fn read<T: serde::de::DeserializeOwned>(response: Response, limit: usize) -> Result<T, ApiError> {
    let status = response.status();
    if !status.is_success() {
        return Err(refusal(response).await);
    }
    let headers = response.headers().clone();
    let body = body(response, limit).await?;
    serde_json::from_slice(&body).map_err(|_| match web_page::title(&headers, &body) {
        Some(title) => ApiError::WebPage(status.as_u16(), title),
        None => ApiError::Garbled(status.as_u16(), "it is not the JSON of this call"),
    })
}

async fn body(mut response: Response, limit: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(ApiError::Garbled(response.status().as_u16(), "it is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn refusal(response: Response) -> ApiError {
    let status = response.status();
    let headers = response.headers().clone();
    let body = match body(response, SECRET_BODY_LIMIT).await {
        Ok(body) => body,
        // Too large for an error of the API: pages are.
        Err(error) => {
            return web_page::title(&headers, b"").map_or(error, |page| ApiError::WebPage(status.as_u16(), page));
        }
    };
    let (words, code) = match serde_json::from_slice::<WireError>(&body) {
        Ok(error) => (Untrusted::new(error.message.trim_end_matches('.')), error.code),
        Err(_) if status.is_redirection() => return ApiError::SentElsewhere(status.as_u16()),
        Err(_) => match web_page::title(&headers, &body) {
            Some(title) => return ApiError::WebPage(status.as_u16(), title),
            None => (Untrusted::new(status.canonical_reason().unwrap_or("no reason given")), None),
        },
    };
    let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    match status {
        StatusCode::UNAUTHORIZED if code == Some(VERIFICATION_FAILED) => ApiError::Verification,
        StatusCode::UNAUTHORIZED => ApiError::NotSignedIn(words),
        StatusCode::FORBIDDEN => ApiError::NotAllowed(words),
        StatusCode::TOO_MANY_REQUESTS => ApiError::TooMany { retry_after: wait, words },
        StatusCode::NOT_FOUND => ApiError::NotFound(words),
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => ApiError::Conflict(status.as_u16(), words),
        s if s.is_client_error() => ApiError::Refused(s.as_u16(), words),
        s if s.is_server_error() => ApiError::Server(s.as_u16(), words),
        s => ApiError::Garbled(s.as_u16(), "it is neither an answer nor an error"),
    }
}
