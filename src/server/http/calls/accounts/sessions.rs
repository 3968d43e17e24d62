//! `/sessions` and `/revoke`: who is signed in, and the emergency brake.

use axum::Json;
use axum::extract;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use chrono::Utc;
use serde_json::{Value, json};

use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::in_force::InForceHeader;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{RevokeAll, SessionId};

/// `GET /sessions`: one's own; for superusers, everybody's.
pub(crate) async fn list(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
) -> Result<Json<Value>, HttpError> {
    let rows = state.0.store.sessions(caller.only_own().as_deref(), Utc::now()).await?;
    let current = caller.session_id();
    let sessions: Vec<_> = rows.into_iter().map(|row| wire::SessionBody::of(row, current)).collect();
    Ok(Json(json!({ "success": true, "sessions": sessions })))
}

/// `DELETE /sessions/{id}`
pub(crate) async fn end(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    id: Result<Path<String>, extract::rejection::PathRejection>,
) -> Result<StatusCode, HttpError> {
    let Path(id) = id.map_err(|_| HttpError::malformed("id", "is not readable"))?;
    let id = SessionId::parse(&id).ok_or_else(|| HttpError::malformed("id", "must be 16 hex digits"))?;
    let own = caller.only_own();
    let ended = state.0.store.end_session_by_id(id, own.as_deref(), caller.actor(), Utc::now()).await?;
    // Another's session is as unknown as one that never was.
    ended.map(|_| StatusCode::NO_CONTENT).ok_or_else(|| HttpError::not_found("This session"))
}

/// `POST /revoke`
pub(crate) async fn revoke(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<(InForceHeader, Json<Value>), HttpError> {
    caller.may_manage_administrators()?;
    let mut fields = Fields::of_json(request).await?;
    let mut flag = |name| Ok::<_, HttpError>(fields.flag(name)?.unwrap_or(false));
    let what = RevokeAll { tokens: flag("tokens")?, sessions: flag("sessions")? };
    fields.finish()?;
    if !what.tokens && !what.sessions {
        return Err(HttpError::malformed("body", "must have tokens or sessions, or both, as true"));
    }
    let ended = state.0.store.revoke(what, caller.actor(), Utc::now()).await?;
    let in_force = if what.tokens { InForceHeader::wait(&state.0.store).await } else { InForceHeader::default() };
    Ok((in_force, Json(json!({ "success": true, "sessions_ended": ended }))))
}
