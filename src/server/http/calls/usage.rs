//! `GET /keys/{id}/usage`: how often a key was used and refused.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use chrono::{DateTime, TimeDelta, Utc};

use super::keys::Id;
use crate::domain::{KeyUsage, MOST_USAGE_DAYS, Status, USAGE_DAYS, UsageSpan};
use crate::server::auth::token;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{UsageQuery, hour};
use crate::server::usage_recorder::UsageRecorder;

pub(crate) async fn of_key(
    extract::State(state): extract::State<AppState>,
    _: Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Json<wire::UsageBody>, HttpError> {
    let mut fields = Fields::of_query(&uri)?;
    let days = fields.number("days", USAGE_DAYS, MOST_USAGE_DAYS)?;
    fields.finish()?;
    let (now, store) = (Utc::now(), &state.0.store);
    let key = store.key(&id, now).await?.ok_or_else(|| HttpError::not_found("This key"))?;
    // What was not stored yet counts too.
    UsageRecorder::flush_to_end(&state.0.usage_recorder).await;
    let span = UsageSpan::of_days(days);
    // Today is one of the days.
    let back = if span == UsageSpan::Day { days.saturating_sub(1) } else { days };
    let first = hour(now - TimeDelta::days(back.into())).div_euclid(span.hours()) * span.hours();
    let lifetime = TimeDelta::seconds(token::LIFETIME);
    // All tokens from before were revoked then.
    let revoked = DateTime::from_timestamp_millis(store.issuing()?.of_all).unwrap_or_default();
    let query = UsageQuery { key: id, first, span, issued_after: (now - lifetime).max(revoked) };
    let stored = store.usage(query).await?;
    let works = key.status == Status::Active && stored.tokens > 0;
    let last = stored.last_token_at.map(|at| at + lifetime).filter(|_| works);
    Ok(Json(wire::UsageBody::from(&KeyUsage {
        since: DateTime::from_timestamp(first * 3600, 0).unwrap_or_default(),
        until: now,
        span,
        counts: stored.counts,
        addresses: stored.addresses,
        address_count: stored.address_count,
        has_more_addresses: stored.has_more_addresses,
        tokens: if works { stored.tokens } else { 0 },
        // A token never outlives its key.
        tokens_until: last.map(|last| key.expires_at.map_or(last, |end| last.min(end))),
    })))
}
