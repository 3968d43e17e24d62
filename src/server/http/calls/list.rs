//! `GET /keys`.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use chrono::{SubsecRound, Utc};

use crate::domain::{Filter, KeyQuery, Order, Sort, Status};
use crate::server::http::client_addr::LoggedPrincipal;
use crate::server::http::cursor;
use crate::server::http::failure::HttpError;
use crate::server::http::fields::Fields;
use crate::server::http::session::Bearer;
use crate::server::http::wire;
use crate::server::state::AppState;
use crate::server::store::{KeyRow, PageQuery};

/// The most keys of one page (HTTP contract, part B).
const MOST_KEYS: usize = 1000;
/// The longest text searched for, in characters (HTTP contract: openapi.yaml).
const MOST_TEXT: usize = 200;

/// A page of keys. The search ends when the client disconnects.
pub(crate) async fn list(
    extract::State(state): extract::State<AppState>,
    bearer: Bearer,
    who: LoggedPrincipal,
    uri: Uri,
) -> Result<Json<wire::PageBody>, HttpError> {
    let request = read(&uri)?;
    who.is(&bearer.principal().username);
    let _turn = match &bearer {
        // Only one user asks the embedded server.
        Bearer::Single(_) => None,
        Bearer::Stored(_, principal) => {
            let turn = state.0.lists.turn(&principal.username).await;
            Some(turn.ok_or_else(HttpError::too_many_lists)?)
        }
    };
    let sort = request.query.sort;
    let now = Utc::now();
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

fn read(uri: &Uri) -> Result<PageQuery, HttpError> {
    let mut fields = Fields::of_query(uri)?;
    let limit = fields.limit(MOST_KEYS)?;
    let sort = fields.word("sort", Sort::parse)?;
    let order = fields.word("order", Order::parse)?;
    let status = fields.word("status", |word| Status::parse(word).map(Some))?;
    let text = fields.text("q")?.unwrap_or_default();
    if text.chars().count() > MOST_TEXT {
        return Err(HttpError::malformed("q", "is longer than 200 characters"));
    }
    let total = match fields.text("total")?.as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(HttpError::malformed("total", "must be true or false")),
    };
    let after = fields.text("cursor")?.map(|text| cursor::decode(sort, &text)).transpose()?;
    fields.finish()?;
    Ok(PageQuery { query: KeyQuery { sort, order, filter: Filter { text, status } }, after, limit, total })
}
