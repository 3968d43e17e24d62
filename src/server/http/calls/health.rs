//! `/health` and `/ready`: how the server is.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::server::http::failure::HttpError;
use crate::server::state::AppState;

/// How long an answer about the store stands: anyone may ask, and finding out costs a write.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// Whether the store could be written when that was last tried.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), HttpError>)>>);

/// `GET /health`: it runs, on the database that it opened.
pub(crate) async fn health(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    state.0.store.check()?;
    Ok(Json(json!({ "success": true, "status": "ok", "version": env!("CARGO_PKG_VERSION") })))
}

/// `GET /ready`: the store can be written.
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    let mut last = state.0.readiness.0.lock().await;
    if let Some((at, result)) = &*last
        && at.elapsed() < STANDS_FOR
    {
        return answer(result.clone());
    }
    let written = state.0.store.check_writable().await;
    let result = written.map_err(|error| HttpError::from(error).unavailable());
    *last = Some((Instant::now(), result.clone()));
    answer(result)
}

fn answer(result: Result<(), HttpError>) -> Result<Json<Value>, HttpError> {
    result.map(|()| Json(json!({ "success": true, "status": "ready" })))
}
