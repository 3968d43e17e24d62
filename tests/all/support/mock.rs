//! A small API that notes what it is asked: for what the real server does not do.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The session token that it gives.
pub const TOKEN: &str = "st_of-the-mock-and-of-nobody-else";
/// The password that it takes.
pub const PASSWORD: &str = "correct horse battery staple";

/// What it was asked: one line a call, with the session that came along.
#[derive(Clone, Default)]
pub struct Mock(Arc<Mutex<Vec<String>>>);

impl Mock {
    /// All calls so far.
    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The API: an empty list of keys, and sign-in.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/api/v2/keys", get(keys))
            .route("/api/v2/auth/session", post(sign_in).delete(sign_out))
            .with_state(self.clone())
    }

    fn note(&self, call: &str, headers: &HeaderMap) {
        let session = headers.get(header::AUTHORIZATION).map_or("nobody", |value| value.to_str().unwrap());
        self.0.lock().unwrap().push(format!("{call} by {session}"));
    }
}

/// One answer to everything.
pub fn always(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Router {
    Router::new().fallback(any(move |_: Request| {
        let answer = answer();
        async move { answer }
    }))
}

async fn keys(State(mock): State<Mock>, headers: HeaderMap) -> Json<Value> {
    mock.note("keys", &headers);
    Json(json!({ "success": true, "keys": [], "next_cursor": null, "total": 0, "server_time": "2026-11-24T00:00:00Z" }))
}

async fn sign_in(State(mock): State<Mock>, headers: HeaderMap, body: Bytes) -> Response {
    mock.note("sign in", &headers);
    let asked: Value = serde_json::from_slice(&body).unwrap();
    if asked["password"] != PASSWORD {
        let words = "Sign-in failed: username or password is wrong";
        let error = json!({ "success": false, "message": words, "code": 1000, "status": 401 });
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    Json(json!({
        "success": true, "session_token": TOKEN, "expires_at": "2999-01-01T00:00:00Z",
        "username": asked["username"], "role": "administrator",
    }))
    .into_response()
}

async fn sign_out(State(mock): State<Mock>, headers: HeaderMap) -> StatusCode {
    mock.note("sign out", &headers);
    StatusCode::NO_CONTENT
}

/// Serves plain HTTP on a port of this machine.
pub async fn serve_plain(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}
