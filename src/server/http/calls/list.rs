//! `GET /keys`, `GET /keys/counts` and `GET /keys/owners`.

use axum::Json;
use axum::extract;
use axum::http::Uri;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::domain::{
    Condition, Conditions, DUE_DAYS, MOST_DUE_DAYS, MOST_USAGE_DAYS, Order, Search, Sort, Status, Test, TextPattern,
    TimeRange, holds_credential,
};
use crate::server::http::request::cursor;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{EventKind, ExpiryChange, KeyRow, NewEvent, OwnerCount, PageQuery, Recorded, Subject};

/// The most keys of one page (HTTP contract, part B).
const MOST_KEYS: usize = 1000;
/// The most keys of a page that has their uses (HTTP contract: openapi.yaml).
const MOST_WITH_USAGE: usize = 200;
/// The longest text searched for, in characters (HTTP contract: openapi.yaml).
const MOST_TEXT: usize = 200;
/// The most searches that are counted at once (HTTP contract: openapi.yaml).
const MOST_COUNTS: usize = 32;
/// The most owners that are told at once (HTTP contract: openapi.yaml).
const MOST_OWNERS: u16 = 32;
/// So many are told if the client doesn't say how many (HTTP contract: openapi.yaml).
const SOME_OWNERS: u16 = 10;
/// The parameters that say which keys are wanted.
const FILTERS: [&str; 12] = [
    "status",
    "q",
    "query",
    "owner",
    "created_by",
    "last_used_before",
    "never_used",
    "expires",
    "expires_before",
    "expires_after",
    "created_before",
    "created_after",
];
/// The forms in which lists leave for other programs, as far as clients say so.
const EXPORTS: [&str; 3] = ["json", "csv", "tsv"];

/// A page of keys. The search ends when the client disconnects.
pub(crate) async fn list(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::PageBody>, HttpError> {
    let now = Utc::now();
    let ListCall { request, around, usage_days, search, export } = ListCall::read(&uri, now)?;
    let _turn = caller.turn(&state).await?;
    let sort = request.sort;
    if let Some(detail) = export {
        let event = NewEvent::of(&caller.actor(), Subject::Server, EventKind::Exported, now);
        // Before the answer: what can't be recorded is not exported.
        let events = vec![NewEvent { detail: Some(detail), ..event }];
        state.0.store.record(Recorded { events, ..Recorded::default() }).await?;
    }
    let (mut page, start) = match around {
        Some(id) => state.0.store.list_around(request, &id, now).await?,
        None => (state.0.store.list(request, now).await?, None),
    };
    if let Some(days) = usage_days {
        let ids = page.keys.iter().map(|row| row.key.id.raw_for_api().to_owned()).collect();
        let uses = state.0.store.daily_uses(ids, now, days).await?;
        for (row, uses) in page.keys.iter_mut().zip(uses) {
            row.key.daily_uses = Some(uses);
        }
    }
    let at = |row: &KeyRow| cursor::encode(sort, &row.place);
    Ok(Json(wire::PageBody {
        success: true,
        lifetimes: wire::LifetimesBody::of(state.0.lifetimes),
        start_cursor: start.map(|place| cursor::encode(sort, &place)),
        next_cursor: page.keys.last().filter(|_| page.more).map(at),
        prev_cursor: page.keys.first().map(at),
        keys: page.keys.iter().map(|row| wire::KeyBody::from(&row.key)).collect(),
        total: page.total,
        sort: sort.as_str(),
        query: search.map(|search| search.to_string()),
        server_time: wire::time(now.trunc_subsecs(3)),
    }))
}

/// How many keys each of several searches finds. The count ends when the client disconnects.
pub(crate) async fn counts(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::CountsBody>, HttpError> {
    let texts = Fields::list_of_query(&uri, "query")?;
    if texts.is_empty() || texts.len() > MOST_COUNTS {
        return Err(HttpError::malformed("query", format!("must be given 1 to {MOST_COUNTS} times")));
    }
    let searches = texts.iter().map(|text| parsed(text)).collect::<Result<Vec<_>, _>>()?;
    let _turn = caller.turn(&state).await?;
    let now = Utc::now();
    let conditions = searches.iter().map(|search| search.conditions(now, &Utc)).collect();
    let counted = state.0.store.count(conditions, now).await?;
    let counts = searches.iter().zip(counted);
    Ok(Json(wire::CountsBody {
        success: true,
        counts: counts.map(|(search, total)| wire::CountBody { query: search.to_string(), total }).collect(),
        server_time: wire::time(now.trunc_subsecs(3)),
    }))
}

/// The owners that most keys have.
pub(crate) async fn owners(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::OwnersBody>, HttpError> {
    let mut fields = Fields::of_query(&uri)?;
    let limit = usize::from(fields.number("limit", SOME_OWNERS, MOST_OWNERS)?);
    fields.finish()?;
    let _turn = caller.turn(&state).await?;
    let owners = state.0.store.frequent_owners(limit).await?;
    let body = |count: OwnerCount| wire::OwnerBody { owner: count.owner, total: count.keys };
    Ok(Json(wire::OwnersBody {
        success: true,
        owners: owners.map(|owners| owners.into_iter().map(body).collect()),
        server_time: wire::time(Utc::now().trunc_subsecs(3)),
    }))
}

fn parsed(text: &str) -> Result<Search, HttpError> {
    Search::parse(text).map_err(|error| HttpError::malformed("query", error))
}

/// What `GET /keys` asks for.
struct ListCall {
    request: PageQuery,
    /// The ID of the key that the page is around.
    around: Option<String>,
    /// Of how many days the uses of each key are asked for.
    usage_days: Option<u16>,
    /// What `query` says.
    search: Option<Search>,
    /// What the trail is told of an export that begins: its form, and of which keys.
    export: Option<String>,
}

impl ListCall {
    fn read(uri: &Uri, now: DateTime<Utc>) -> Result<Self, HttpError> {
        let mut fields = Fields::of_query(uri)?;
        let limit = fields.limit(MOST_KEYS)?;
        let sort = fields.word("sort", Sort::of_contract)?;
        let order = fields.word("order", Order::parse)?;
        let total = fields.flag("total")?.unwrap_or(true);
        let known = |word: &str| EXPORTS.into_iter().find(|known| *known == word).map(Some);
        let export = fields.word("export", known)?;
        let export = export.map(|form| exported(form, &fields));
        let after = fields.text("cursor")?.map(|text| cursor::decode(sort, &text)).transpose()?;
        let around = fields.text("around")?;
        if around.is_some() && after.is_some() {
            return Err(HttpError::malformed("around", "can't be given with a cursor"));
        }
        let usage_days = fields.given("usage_days").is_some().then(|| fields.number("usage_days", 1, MOST_USAGE_DAYS));
        let usage_days = usage_days.transpose()?;
        if usage_days.is_some() && limit > MOST_WITH_USAGE {
            return Err(HttpError::malformed("usage_days", format!("needs a limit of {MOST_WITH_USAGE} or less")));
        }
        let search = fields.text("query")?.map(|text| parsed(&text)).transpose()?;
        let mut conditions = named(&mut fields, now)?;
        conditions.0.extend(search.iter().flat_map(|search| search.conditions(now, &Utc).0));
        fields.finish()?;
        Ok(Self {
            request: PageQuery { sort, order, conditions, after, limit, total },
            around,
            usage_days,
            search,
            export,
        })
    }
}

/// The conditions that have a parameter of their own.
fn named(fields: &mut Fields, now: DateTime<Utc>) -> Result<Conditions, HttpError> {
    let text = fields.text("q")?.unwrap_or_default();
    if text.chars().count() > MOST_TEXT {
        return Err(HttpError::malformed("q", "is longer than 200 characters"));
    }
    let mut all = Search::of_words(&text).conditions(now, &Utc);
    let mut meets = |test: Test| all.0.push(test.into());
    if let Some(words) = fields.text("status")? {
        let any = words.split(',').map(|word| {
            Status::parse(word).ok_or_else(|| HttpError::malformed("status", "is not one of the known words"))
        });
        meets(Test::Status(any.collect::<Result<_, _>>()?));
    }
    if let Some(owner) = fields.text("owner")? {
        meets(Test::Owner(vec![TextPattern::Is(owner)]));
    }
    if let Some(name) = fields.text("created_by")? {
        meets(Test::CreatedBy(vec![TextPattern::Is(name)]));
    }
    if let Some(time) = time(fields, "last_used_before")? {
        meets(Test::UnusedSince(time));
    }
    let (from, before) = (time(fields, "expires_after")?, time(fields, "expires_before")?);
    if from.is_some() || before.is_some() {
        meets(Test::Expires(TimeRange { from, before }));
    }
    if fields.word("expires", |word| (word == "never").then_some(true))? {
        meets(Test::NeverExpires);
    }
    let (from, before) = (time(fields, "created_after")?, time(fields, "created_before")?);
    if from.is_some() || before.is_some() {
        meets(Test::Created(TimeRange { from, before }));
    }
    if let Some(never) = fields.flag("never_used")? {
        all.0.push(Condition { excluded: !never, test: Test::NeverUsed });
    }
    Ok(all)
}

fn time(fields: &mut Fields, name: &str) -> Result<Option<DateTime<Utc>>, HttpError> {
    Ok(fields.time(name)?.and_then(ExpiryChange::time))
}

/// What was exported, for the trail: the form, and of which keys.
fn exported(form: &str, fields: &Fields) -> String {
    let filters =
        FILTERS.into_iter().filter_map(|name| Some((name, fields.given(name)?))).filter(|(_, text)| !text.is_empty());
    let filters = filters.map(|(name, text)| match text {
        text if holds_credential(text) => format!("{name} [redacted]"),
        text => format!("{name} {text}"),
    });
    std::iter::once(form.to_owned()).chain(filters).collect::<Vec<_>>().join(", ")
}

/// The most keys of each kind that need attention.
const MOST_DUE: usize = 1000;

/// `GET /keys/due`: the keys that need attention soon.
pub(crate) async fn due(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<wire::DueBody>, HttpError> {
    let _turn = caller.turn(&state).await?;
    let mut fields = Fields::of_query(&uri)?;
    let days = fields.number("days", DUE_DAYS, MOST_DUE_DAYS)?;
    fields.finish()?;
    let now = Utc::now();
    let keys = state.0.store.due(now, now + TimeDelta::days(days.into()), MOST_DUE, false).await?;
    let keys = keys.iter().map(wire::KeyBody::from).collect();
    Ok(Json(wire::DueBody { success: true, keys, server_time: wire::time(now) }))
}
