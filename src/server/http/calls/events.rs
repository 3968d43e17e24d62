//! `GET /keys/{id}/events`.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use serde_json::{Value, json};

use super::keys::Id;
use crate::server::http::failure::HttpError;
use crate::server::http::fields::Fields;
use crate::server::http::session::Principal;
use crate::server::http::{cursor, wire};
use crate::server::state::AppState;
use crate::server::store::EventQuery;

/// The most events of one page.
const MOST_EVENTS: usize = 1000;

/// What happened to a key, newest first; also to a key that was deleted.
pub(crate) async fn events(
    extract::State(state): extract::State<AppState>,
    _: Principal,
    Id(id): Id,
    uri: Uri,
) -> Result<Json<Value>, HttpError> {
    let mut fields = Fields::of_query(&uri)?;
    let limit = fields.limit(MOST_EVENTS)?;
    let after = fields.text("cursor")?.map(|text| cursor::decode_event(&text)).transpose()?;
    fields.finish()?;
    let mut events = state.0.store.events(EventQuery { after, ..EventQuery::of_key(&id, limit + 1) }).await?;
    // The creation of a key is never forgotten.
    if events.is_empty() && after.is_none() {
        return Err(HttpError::not_found("This key"));
    }
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|event| cursor::encode_event(event.seq));
    let events: Vec<wire::EventBody> = events.into_iter().map(wire::EventBody::from).collect();
    Ok(Json(json!({ "success": true, "events": events, "next_cursor": next })))
}
