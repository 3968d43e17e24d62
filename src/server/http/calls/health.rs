//! `/health` and `/ready`: how the server is.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::server::http::response::failure::HttpError;
use crate::server::state::AppState;

/// `GET /health`: it runs, on the database that it opened.
pub(crate) async fn health(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    state.0.store.check()?;
    Ok(Json(json!({ "success": true, "status": "ok", "version": env!("CARGO_PKG_VERSION") })))
}

/// `GET /ready`: the store can be written, and the certificate has not ended.
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Value>, HttpError> {
    state.0.readiness.of(&state.0.store).await?;
    let mut body = json!({ "success": true, "status": "ready" });
    if let Some(warning) = state.0.store.warning() {
        body["warning"] = warning.into();
    }
    Ok(Json(body))
}
