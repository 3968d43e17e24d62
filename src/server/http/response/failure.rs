//! Errors as answers.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::header;
use axum::http::header::{ACCEPT_ENCODING, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::AccessKey;
use crate::server::digests::RETRY_AFTER;
use crate::server::http::response::wire::KeyBody;
use crate::server::net::throttle::NotAdmitted;
use crate::server::store::StoreError;

/// An error of the HTTP contract: always JSON, without internal details.
#[derive(Clone, Debug)]
pub(crate) struct HttpError {
    status: StatusCode,
    code: u16,
    message: String,
    /// How long to wait before the next try, in seconds.
    retry_after: Option<u64>,
    /// What the message leaves out.
    reason: Option<Reason>,
    /// The key as it is, if the error is that it has changed.
    key: Option<Value>,
}

/// What the message of an error leaves out.
#[derive(Clone, Debug)]
enum Reason {
    /// Clients must not know it: it is for the log.
    Logged(&'static str),
    /// For the log and for the user of an embedded server: it may have paths.
    Detail(String),
}

/// Why a request was refused or failed, as the log says it. Has no text of the client.
#[derive(Clone)]
pub(crate) struct LoggedReason(pub(crate) Cow<'static, str>);

/// An error with its reason as the message, beside the answer that leaves it out.
#[derive(Clone)]
struct Detailed(HttpError);

/// How long to wait when the store is busy, in seconds: each call has waited for it already.
const BUSY_FOR: u64 = 1;

impl HttpError {
    fn new(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, reason: None, key: None }
    }

    /// 400: malformed input; the message begins with the field's name.
    pub(crate) fn malformed(field: &str, why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 0, format!("{field}: {why}"))
    }

    /// 400: a field that the server does not know, or has already; `name` is the client's text.
    pub(crate) fn unexpected_field(name: &str, why: &'static str) -> Self {
        // A name that was sent may be a secret in the wrong place.
        let logged = Some(Reason::Logged("a field is unknown or given twice"));
        Self { reason: logged, ..Self::malformed(name, why) }
    }

    /// 401: the same answer for every reason why an exchange fails; `why` is for the log.
    pub(crate) fn verification(why: &'static str) -> Self {
        let refused = Self::new(StatusCode::UNAUTHORIZED, 1000, "Key verification failed");
        Self { reason: Some(Reason::Logged(why)), ..refused }
    }

    /// 401: the same answer for every reason why a sign-in fails; `why` is for the log.
    pub(crate) fn sign_in(why: &'static str) -> Self {
        let refused = Self::new(StatusCode::UNAUTHORIZED, 1000, "Sign-in failed: username or password is wrong");
        Self { reason: Some(Reason::Logged(why)), ..refused }
    }

    /// 401: an access token or session token that is not valid.
    pub(crate) fn token(why: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 1006, format!("Invalid token: {why}"))
    }

    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, 0, what)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, 0, format!("{what} was not found"))
    }

    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 3000, "Method not allowed")
    }

    /// 409: the first call still runs.
    pub(crate) fn running() -> Self {
        let message = "The first request with this Idempotency-Key is still running: repeat it unchanged";
        Self::new(StatusCode::CONFLICT, 0, message)
    }

    /// 412: the key has another revision than the change was made for.
    pub(crate) fn changed(key: &AccessKey) -> Self {
        let key = serde_json::to_value(KeyBody::from(key)).ok();
        let message = "If-Match: the key was changed since; look at it as it is now";
        Self { key, ..Self::new(StatusCode::PRECONDITION_FAILED, 0, message) }
    }

    /// 409: it can't be done as things are.
    pub(crate) fn conflict(what: &str) -> Self {
        Self::new(StatusCode::CONFLICT, 0, what)
    }

    /// 410: it was there, and is given to nobody any more.
    pub(crate) fn gone(what: &str) -> Self {
        Self::new(StatusCode::GONE, 0, what)
    }

    /// 408: over the server's time limit.
    pub(crate) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, 0, "The request took too long")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 0, "The body is larger than 64 KiB")
    }

    /// 415: a body that is compressed.
    pub(crate) fn compressed() -> Self {
        let message = "content-encoding: compressed bodies are not accepted; send the body uncompressed";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, 0, message)
    }

    /// 501: a body that is in another transfer coding than chunked.
    pub(crate) fn transfer_coding() -> Self {
        let message = "Transfer-Encoding: only chunked is supported; send the body uncompressed";
        Self::new(StatusCode::NOT_IMPLEMENTED, 0, message)
    }

    /// 422: an idempotency key that cannot be used for this.
    pub(crate) fn spent(why: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 0, format!("Idempotency-Key: {why}"))
    }

    /// 429: the seconds to wait, without the reason.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = "Too many sign-ins: wait a little and try again";
        Self { retry_after: Some(seconds.max(1)), ..Self::new(StatusCode::TOO_MANY_REQUESTS, 0, message) }
    }

    /// 429: the same for codes of secrets that are handed over.
    pub(crate) fn too_many_codes(wait: Duration) -> Self {
        Self { message: "Too many codes: wait a little and try again".to_owned(), ..Self::too_many(wait) }
    }

    /// 429: an administrator reads too many lists at once.
    pub(crate) fn too_many_lists() -> Self {
        let message = "Too many lists at once: wait for some to end";
        Self { retry_after: Some(BUSY_FOR), ..Self::new(StatusCode::TOO_MANY_REQUESTS, 0, message) }
    }

    /// 500: a bug, which the panic hook has reported in a private file.
    pub(crate) fn panicked() -> Self {
        let logged = "an internal error ended the request; see panic.log in the state folder";
        Self { reason: Some(Reason::Logged(logged)), ..Self::unexpected() }
    }

    /// 503: no answer yet, since it could be a wrong one.
    pub(crate) fn not_ready() -> Self {
        let message = "Not every key can be identified by its secret yet: the server is preparing that. Try again";
        let unavailable = Self::new(StatusCode::SERVICE_UNAVAILABLE, 0, message);
        Self { retry_after: Some(RETRY_AFTER), ..unavailable }
    }

    /// 503: clients refuse to connect.
    pub(crate) fn certificate_ended() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 0, "The server's certificate has expired")
    }

    /// 503 in place of its status.
    pub(crate) fn unavailable(self) -> Self {
        self.with_status(StatusCode::SERVICE_UNAVAILABLE)
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The contract's body of an error.
    pub(crate) fn body(&self) -> Value {
        let status = self.status.as_u16();
        let mut body = json!({ "success": false, "message": self.message, "code": self.code, "status": status });
        if let (Some(key), Some(fields)) = (&self.key, body.as_object_mut()) {
            fields.insert("key".to_owned(), key.clone());
        }
        body
    }

    /// The same answer with the message alone, for people.
    pub(crate) fn into_text(self) -> Response {
        let text = format!("{}\n", self.message);
        let (mut head, _) = self.into_response().into_parts();
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            head.headers.remove(name);
        }
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        Response::from_parts(head, text.into())
    }

    pub(crate) fn unexpected() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 0, "Unexpected error")
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let body = self.body();
        let Self { status, code, message, retry_after, reason, key } = self;
        let (logged, detailed) = match reason {
            None => (message.into(), None),
            Some(Reason::Logged(why)) => (why.into(), None),
            Some(Reason::Detail(why)) => {
                (why.clone().into(), Some(Self { status, code, message: why, retry_after, reason: None, key }))
            }
        };
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1: a 401 must say how to authenticate. Java's client refuses one that doesn't.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            // RFC 9110, section 12.5.3: so the client knows that it's the coding.
            response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(LoggedReason(logged));
        if let Some(detailed) = detailed {
            response.extensions_mut().insert(Detailed(detailed));
        }
        response
    }
}

/// The answer with the reason of its error, where that was left out.
pub(crate) async fn tell_reason(mut response: Response) -> Response {
    match response.extensions_mut().remove() {
        Some(Detailed(error)) => error.into_response(),
        None => response,
    }
}

impl From<NotAdmitted> for HttpError {
    fn from(refused: NotAdmitted) -> Self {
        match refused {
            NotAdmitted::TooMany(wait) => Self::too_many(wait),
            NotAdmitted::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for HttpError {
    /// The message says what clients may know; the rest is for the log.
    fn from(error: StoreError) -> Self {
        let unavailable = |message: &str| Self::new(StatusCode::SERVICE_UNAVAILABLE, 0, message);
        let safe = match &error {
            StoreError::Busy | StoreError::Crowded | StoreError::GivenUp | StoreError::Cancelled => {
                Self { retry_after: Some(BUSY_FOR), ..unavailable("The database is busy: try again") }
            }
            StoreError::Full => unavailable("The server's disk is full: nothing was changed"),
            StoreError::Gone(_) => unavailable("The server's database was removed or replaced"),
            StoreError::ReadOnly => unavailable("The server's database can only be read"),
            StoreError::Stale | StoreError::Unreachable(_) => {
                Self { retry_after: Some(BUSY_FOR), ..unavailable("The server's database does not answer: try again") }
            }
            StoreError::OtherMasterKey => unavailable("The server doesn't have the master key that is in use"),
            StoreError::Damaged(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, 0, "The server's database is damaged: see its log")
            }
            _ => Self::unexpected(),
        };
        Self { reason: Some(Reason::Detail(error.to_string())), ..safe }
    }
}
