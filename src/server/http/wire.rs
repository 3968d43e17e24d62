//! The JSON of the answers.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::{AccessKey, Untrusted};
use crate::server::store::StoredEvent;

/// An access key (HTTP contract, part B).
#[derive(Serialize)]
pub(crate) struct KeyBody {
    id: String,
    label: String,
    status: &'static str,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    last_used_from: Option<String>,
    owner: Option<String>,
    note: Option<String>,
}

/// A page of keys.
#[derive(Serialize)]
pub(crate) struct PageBody {
    pub(crate) success: bool,
    pub(crate) keys: Vec<KeyBody>,
    /// Where the next page begins, if keys follow.
    pub(crate) next_cursor: Option<String>,
    /// The first key's place: with the other `order`, the page before this one begins there.
    pub(crate) prev_cursor: Option<String>,
    pub(crate) total: Option<u64>,
    pub(crate) server_time: String,
}

/// One line of a key's history.
#[derive(Serialize)]
pub(crate) struct EventBody {
    at: String,
    kind: String,
    by: Option<String>,
    from: Option<String>,
    detail: Option<String>,
    count: u64,
}

impl From<&AccessKey> for KeyBody {
    fn from(key: &AccessKey) -> Self {
        Self {
            id: key.id.raw_for_api().to_owned(),
            label: key.label.raw_for_api().to_owned(),
            status: key.status.as_str(),
            created_at: time(key.created_at),
            created_by: key.created_by.raw_for_api().to_owned(),
            expires_at: key.expires_at.map(time),
            last_used_at: key.last_used_at.map(time),
            last_used_from: key.last_used_from.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            owner: key.owner.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            note: key.note.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
        }
    }
}

impl From<StoredEvent> for EventBody {
    fn from(event: StoredEvent) -> Self {
        let StoredEvent { kind, at, by, from, detail, count, .. } = event;
        Self { at: time(at), kind, by, from, detail, count }
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one.
pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
