//! Errors as answers.

use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::server::store::StoreError;

/// An error of the HTTP contract: always JSON, without internal details.
#[derive(Debug)]
pub(crate) struct HttpError {
    status: StatusCode,
    code: u16,
    message: String,
    /// How long to wait before the next try, in seconds.
    retry_after: Option<u64>,
}

impl HttpError {
    fn new(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400: malformed input; the message begins with the field's name.
    pub(crate) fn malformed(field: &str, why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 0, format!("{field}: {why}"))
    }

    /// 401: the same answer for every reason why an exchange fails.
    pub(crate) fn verification() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 1000, "Key verification failed")
    }

    /// 401: the same answer for every reason why a sign-in fails.
    pub(crate) fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 1000, "Sign-in failed: username or password is wrong")
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

    /// 408: over the server's time limit.
    pub(crate) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, 0, "The request took too long")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 0, "The body is larger than 64 KiB")
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

    /// 500: a bug, which the panic hook has reported in a private file.
    pub(crate) fn panicked() -> Self {
        tracing::error!("an internal error ended a request; see panic.log in the state folder");
        Self::unexpected()
    }

    pub(crate) fn unexpected() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 0, "Unexpected error")
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let Self { status, code, message, retry_after } = self;
        let body = json!({ "success": false, "message": message, "code": code, "status": status.as_u16() });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1: a 401 must say how to authenticate. Java's client refuses one that doesn't.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for HttpError {
    /// The details are for the log.
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::unexpected()
    }
}
