//! Answers that are errors.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::store::StoreError;

/// An error of the HTTP contract: always JSON, and nothing of the inside.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: u16,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400: malformed input; the message begins with the field's name.
    pub(crate) fn malformed(field: &str, why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 0, format!("{field}: {why}"))
    }

    /// 401: all the ways in which an exchange fails, alike.
    pub(crate) fn verification() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 1000, "Key verification failed")
    }

    /// 401: an access token or session token that is not good.
    pub(crate) fn token(why: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 1006, format!("Invalid token: {why}"))
    }

    /// 403.
    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, 0, what)
    }

    /// 404.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, 0, format!("{what} was not found"))
    }

    /// 405.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 3000, "Method not allowed")
    }

    /// 409: the first call still runs.
    pub(crate) fn running() -> Self {
        let message = "The first request with this Idempotency-Key is still running: repeat it unchanged";
        Self::new(StatusCode::CONFLICT, 0, message)
    }

    /// 413.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 0, "The body is larger than 64 KiB")
    }

    /// 422: an idempotency key that cannot be used for this.
    pub(crate) fn spent(why: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 0, format!("Idempotency-Key: {why}"))
    }

    /// 500.
    pub(crate) fn unexpected() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 0, "Unexpected error")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let body = json!({ "success": false, "message": message, "code": code, "status": status.as_u16() });
        (status, Json(body)).into_response()
    }
}

impl From<StoreError> for Failure {
    fn from(_: StoreError) -> Self {
        Self::unexpected()
    }
}
