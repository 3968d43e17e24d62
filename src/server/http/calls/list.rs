//! `GET /keys`.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use chrono::{SubsecRound, Utc};

use crate::domain::{Filter, KeyQuery, Order, Sort, Status, holds_credential};
use crate::server::http::cursor;
use crate::server::http::failure::HttpError;
use crate::server::http::fields::Fields;
use crate::server::http::session::Caller;
use crate::server::http::wire;
use crate::server::state::AppState;
use crate::server::store::{EventKind, KeyRow, NewEvent, PageQuery, Subject};

/// The most keys of one page (HTTP contract, part B).
const MOST_KEYS: usize = 1000;
/// The longest text searched for, in characters (HTTP contract: openapi.yaml).
const MOST_TEXT: usize = 200;
/// The forms in which lists leave for other programs, as far as clients say so.
const EXPORTS: [&str; 3] = ["json", "csv", "tsv"];

/// A page of keys. The search ends when the client disconnects.
pub(crate) async fn list(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::PageBody>, HttpError> {
    let (request, export) = read(&uri)?;
    let _turn = caller.turn(&state).await?;
    let sort = request.query.sort;
    let now = Utc::now();
    if let Some(form) = export {
        let detail = Some(exported(form, &request.query.filter));
        let event = NewEvent::of(&caller.actor(), Subject::Server, EventKind::Exported, now);
        // Before the answer: what can't be recorded is not exported.
        state.0.store.record(Vec::new(), vec![NewEvent { detail, ..event }], Vec::new()).await?;
    }
    let page = state.0.store.list(request, now).await?;
    let at = |row: &KeyRow| cursor::encode(sort, &row.place);
    Ok(Json(wire::PageBody {
        success: true,
        next_cursor: page.keys.last().filter(|_| page.more).map(at),
        prev_cursor: page.keys.first().map(at),
        keys: page.keys.iter().map(|row| wire::KeyBody::from(&row.key)).collect(),
        total: page.total,
        server_time: wire::time(now.trunc_subsecs(3)),
    }))
}

/// The request, and the form of an export that it begins.
fn read(uri: &Uri) -> Result<(PageQuery, Option<&'static str>), HttpError> {
    let mut fields = Fields::of_query(uri)?;
    let limit = fields.limit(MOST_KEYS)?;
    let sort = fields.word("sort", Sort::parse)?;
    let order = fields.word("order", Order::parse)?;
    let status = fields.word("status", |word| Status::parse(word).map(Some))?;
    let text = fields.text("q")?.unwrap_or_default();
    if text.chars().count() > MOST_TEXT {
        return Err(HttpError::malformed("q", "is longer than 200 characters"));
    }
    let total = fields.flag("total")?.unwrap_or(true);
    let known = |word: &str| EXPORTS.into_iter().find(|known| *known == word).map(Some);
    let export = fields.word("export", known)?;
    let after = fields.text("cursor")?.map(|text| cursor::decode(sort, &text)).transpose()?;
    fields.finish()?;
    Ok((PageQuery { query: KeyQuery { sort, order, filter: Filter { text, status } }, after, limit, total }, export))
}

/// What was exported, for the trail: the form, and of which keys.
fn exported(form: &str, filter: &Filter) -> String {
    let status = filter.status.map(|status| format!("status {}", status.as_str()));
    let text = match filter.text.as_str() {
        "" => None,
        text if holds_credential(text) => Some("q [redacted]".to_owned()),
        text => Some(format!("q {text}")),
    };
    [Some(form.to_owned()), status, text].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
