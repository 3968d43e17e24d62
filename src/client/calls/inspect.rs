//! Calls that only look: what happened, and how the server is.

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use reqwest::tls::TlsInfo;
use serde::Deserialize;

use super::{Answer, BODY_LIMIT, Client};
use crate::client::ApiError;
use crate::client::wire::check_progress;
use crate::domain::{KeyId, Order, Untrusted, Validity};

/// One event of the trail.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// The contract's word for what happened: `created`, `used` and so on.
    pub kind: Untrusted,
    /// The ID of the key that it is about. Servers from before don't name it in the key's own history.
    #[serde(default)]
    pub key: Option<Untrusted>,
    /// The label of that key now, or the last one if it is deleted. Servers from before don't tell it.
    #[serde(default)]
    pub label: Option<Untrusted>,
    /// The administrator that it is about.
    #[serde(default)]
    pub admin: Option<Untrusted>,
    /// The administrator, where one did it.
    pub by: Option<Untrusted>,
    /// The address it was done from.
    pub from: Option<Untrusted>,
    /// What was edited, or why it was refused.
    pub detail: Option<Untrusted>,
    /// Old and new values. Servers from before don't tell them.
    #[serde(default)]
    pub changes: Vec<FieldChange>,
    /// How many refusals it counts. Servers from before tell each by itself.
    #[serde(default = "once")]
    pub count: u64,
}

/// A field that has another value than before.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct FieldChange {
    pub field: Untrusted,
    /// None where there was no value.
    pub old: Option<Untrusted>,
    /// None where there is no value any more.
    pub new: Option<Untrusted>,
}

/// Which events of the trail. Empty means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// About this key.
    pub key: Option<KeyId>,
    /// What was done to this administrator.
    pub admin: Option<String>,
    /// What this administrator did.
    pub by: Option<String>,
    /// The contract's words.
    pub kinds: Vec<String>,
    pub since: Option<DateTime<Utc>>,
}

/// Whose events are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventScope {
    /// A key's, which may be deleted. Servers of the first edition know these too.
    Key(KeyId),
    Trail(TrailFilter),
}

/// Which page of which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsRequest {
    pub of: EventScope,
    /// Where the page begins; with the newest event if none.
    pub cursor: Option<String>,
}

impl EventsRequest {
    /// Events a page: several screens, about 25 kB of JSON.
    pub const PAGE: usize = 100;
}

/// A page of the trail.
#[derive(Clone, Debug, Deserialize)]
pub struct TrailPage {
    pub events: Vec<Event>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// The newest event of the page: after it come new ones. Not said of a key's own history.
    #[serde(default)]
    pub newest_cursor: Option<String>,
}

const fn once() -> u64 {
    1
}

/// What a server says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Health {
    pub version: Untrusted,
    /// Its clock, in whole seconds (`Date`, RFC 9110, section 6.6.1).
    #[serde(skip)]
    pub time: Option<DateTime<Utc>>,
    /// How long its certificate is good, over TLS.
    #[serde(skip)]
    pub certificate: Option<Validity>,
}

impl Client {
    /// A page of so many events, newest first.
    pub async fn events(&self, request: &EventsRequest, limit: usize) -> Result<TrailPage, ApiError> {
        let cursor = request.cursor.as_deref();
        match &request.of {
            EventScope::Key(id) => self.history(id, limit, cursor).await,
            EventScope::Trail(filter) => self.trail(filter, Order::Desc, limit, cursor).await,
        }
    }

    /// A page of what happened to a key, newest first. Also of a deleted key.
    pub async fn history(&self, id: &KeyId, limit: usize, cursor: Option<&str>) -> Result<TrailPage, ApiError> {
        let call = self.call(Method::GET, &["keys", id.raw_for_api(), "events"]).query(&[("limit", limit)]);
        let call = if let Some(cursor) = cursor { call.query(&[("cursor", cursor)]) } else { call };
        let page: TrailPage = Answer::of(self.send(call).await?, BODY_LIMIT).await?.read()?;
        if let Some(cursor) = cursor {
            check_progress(cursor, page.next_cursor.as_deref())?;
        }
        Ok(page)
    }

    /// A page of the trail: newest first, or with [`Order::Asc`] those that came after a cursor.
    pub async fn trail(
        &self,
        filter: &TrailFilter,
        order: Order,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<TrailPage, ApiError> {
        let since = filter.since.map(|since| since.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let kinds = (!filter.kinds.is_empty()).then(|| filter.kinds.join(","));
        let asked = [
            ("key", filter.key.as_ref().map(KeyId::raw_for_api)),
            ("admin", filter.admin.as_deref()),
            ("by", filter.by.as_deref()),
            ("kind", kinds.as_deref()),
            ("since", since.as_deref()),
            ("cursor", cursor),
            ("order", Some(order.as_str())),
        ];
        let asked: Vec<_> = asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let call = self.call(Method::GET, &["events"]).query(&asked).query(&[("limit", limit)]);
        let mut page: TrailPage = Answer::of(self.send(call).await?, BODY_LIMIT).await?.read()?;
        if let Some(cursor) = cursor {
            check_progress(cursor, page.next_cursor.as_deref())?;
        }
        // A page with nothing in it is the last, whatever it says.
        page.next_cursor = page.next_cursor.filter(|_| !page.events.is_empty());
        Ok(page)
    }

    /// Makes sure that there is a server, and that it is the one that its certificate names: before a password is typed
    /// for it. A server without `/health` passes.
    pub async fn find(&self) -> Result<(), ApiError> {
        match self.health().await {
            Err(error) if error.is_about_way() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Asks the server how it is. Needs no session.
    pub async fn health(&self) -> Result<Health, ApiError> {
        let response = self.send(self.anyone(Method::GET, &["health"])).await?;
        let tls = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let certificate = tls.and_then(|certificate| Validity::of(&certificate.into()));
        let answer = Answer::of(response, BODY_LIMIT).await?;
        Ok(Health { time: answer.date(), certificate, ..answer.read()? })
    }

    /// Asks the server whether its store can be written, and what is wrong with it although it can. Needs no session.
    pub async fn ready(&self) -> Result<Option<Untrusted>, ApiError> {
        #[derive(Deserialize)]
        struct Ready {
            warning: Option<Untrusted>,
        }

        let response = self.send(self.anyone(Method::GET, &["ready"])).await?;
        Ok(Answer::of(response, BODY_LIMIT).await?.read::<Ready>()?.warning)
    }
}
