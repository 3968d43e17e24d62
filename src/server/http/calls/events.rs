//! `GET /keys/{id}/events` and `GET /events`: the trail.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use serde_json::{Value, json};

use super::keys::Id;
use crate::domain::{KeyId, Order};
use crate::server::auth::username::Username;
use crate::server::http::request::cursor;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{EventKind, EventQuery, ExpiryChange, StoredEvent};

/// The most events of one page.
const MOST_EVENTS: usize = 1000;

/// What happened to a key, newest first; also to a key that was deleted.
pub(crate) async fn of_key(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Json<Value>, HttpError> {
    let _turn = caller.turn(&state).await?;
    let mut fields = Fields::of_query(&uri)?;
    let limit = fields.limit(MOST_EVENTS)?;
    let after = fields.text("cursor")?.map(|text| cursor::decode_event(&text)).transpose()?;
    fields.finish()?;
    let events = state.0.store.events(EventQuery { after, ..EventQuery::of_key(&id, limit + 1) }).await?;
    // The creation of a key is never forgotten.
    if events.is_empty() && after.is_none() {
        return Err(HttpError::not_found("This key"));
    }
    let (events, next) = page(events, limit);
    Ok(Json(json!({ "success": true, "events": events, "next_cursor": next })))
}

/// Everything that administrators and keys did.
pub(crate) async fn all(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, HttpError> {
    let query = read(&uri)?;
    let _turn = caller.turn(&state).await?;
    let (limit, order) = (query.limit, query.order);
    let events = state.0.store.events(EventQuery { limit: limit + 1, ..query }).await?;
    let newest = match order {
        Order::Desc => events.first(),
        Order::Asc => events.iter().take(limit).next_back(),
    };
    let newest = newest.map(|event| cursor::encode_event(event.seq));
    let (events, next) = page(events, limit);
    Ok(Json(json!({ "success": true, "events": events, "next_cursor": next, "newest_cursor": newest })))
}

fn read(uri: &Uri) -> Result<EventQuery, HttpError> {
    let mut fields = Fields::of_query(uri)?;
    let name = |text: String| Username::parse(&text).map_or(text, |name| name.as_str().to_owned());
    let kinds = fields.text("kind")?.unwrap_or_default();
    let kinds = kinds.split(',').filter(|word| !word.is_empty()).map(|word| {
        let known = || EventKind::ALL.map(EventKind::as_str).join(", ");
        EventKind::parse(word).ok_or_else(|| HttpError::malformed("kind", format!("is not one of {}", known())))
    });
    let query = EventQuery {
        key: fields.text("key")?.map(KeyId::as_stored),
        administrator: fields.text("admin")?.map(name),
        by: fields.text("by")?.map(name),
        kinds: kinds.collect::<Result<_, _>>()?,
        since: fields.time("since")?.and_then(ExpiryChange::time),
        order: fields.word("order", Order::parse)?,
        after: fields.text("cursor")?.map(|text| cursor::decode_event(&text)).transpose()?,
        limit: fields.limit(MOST_EVENTS)?,
    };
    fields.finish()?;
    Ok(query)
}

/// The events of a page of which one more was read, and where the next one begins.
fn page(mut events: Vec<StoredEvent>, limit: usize) -> (Vec<wire::EventBody>, Option<String>) {
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|event| cursor::encode_event(event.seq));
    (events.into_iter().map(wire::EventBody::from).collect(), next)
}
