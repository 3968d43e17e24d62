//! The JSON of the answers.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::domain::{AccessKey, KeyId, KeyUsage, Lifetimes, Untrusted};
use crate::server::store::{Administrator, FieldChange, SessionId, SessionRow, StoredEvent};

/// An access key (HTTP contract, part B).
#[derive(Serialize)]
pub(crate) struct KeyBody {
    id: String,
    label: String,
    status: &'static str,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    reactivates_at: Option<String>,
    last_used_at: Option<String>,
    last_used_from: Option<String>,
    owner: Option<String>,
    note: Option<String>,
    /// Missing unless they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_uses: Option<Box<[u64]>>,
    revision: Option<u64>,
    replaces: Option<String>,
    replaced_by: Option<String>,
    refused_at: Option<String>,
    refused_from: Option<String>,
    used_after_rotation_at: Option<String>,
}

/// A page of keys.
#[derive(Serialize)]
pub(crate) struct PageBody {
    /// Missing if everything is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifetimes: Option<LifetimesBody>,
    pub(crate) success: bool,
    pub(crate) keys: Vec<KeyBody>,
    /// After what a page around a key begins; missing from all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_cursor: Option<String>,
    /// Where the next page begins, if keys follow.
    pub(crate) next_cursor: Option<String>,
    /// The first key's place: with the other `order`, the page before this one begins there.
    pub(crate) prev_cursor: Option<String>,
    pub(crate) total: Option<u64>,
    /// What the keys are sorted by.
    pub(crate) sort: &'static str,
    /// The `query` as it was understood.
    pub(crate) query: Option<String>,
    pub(crate) server_time: String,
}

/// Keys that need attention soon.
#[derive(Serialize)]
pub(crate) struct DueBody {
    pub(crate) success: bool,
    pub(crate) keys: Vec<KeyBody>,
    pub(crate) server_time: String,
}

/// How many keys several searches find.
#[derive(Serialize)]
pub(crate) struct CountsBody {
    pub(crate) success: bool,
    pub(crate) counts: Vec<CountBody>,
    pub(crate) server_time: String,
}

/// How many keys a search finds.
#[derive(Serialize)]
pub(crate) struct CountBody {
    pub(crate) query: String,
    pub(crate) total: Option<u64>,
}

/// The owners that most keys have; none if that could not be counted in time.
#[derive(Serialize)]
pub(crate) struct OwnersBody {
    pub(crate) success: bool,
    pub(crate) owners: Option<Vec<OwnerBody>>,
    pub(crate) server_time: String,
}

/// How many keys an owner has.
#[derive(Serialize)]
pub(crate) struct OwnerBody {
    pub(crate) owner: String,
    pub(crate) total: u64,
}

/// One event of the trail.
#[derive(Serialize)]
pub(crate) struct EventBody {
    at: String,
    kind: String,
    key: Option<String>,
    label: Option<String>,
    admin: Option<String>,
    by: Option<String>,
    from: Option<String>,
    detail: Option<String>,
    changes: Vec<FieldChange>,
    count: u64,
}

/// What is allowed as the expiry of keys.
#[derive(Serialize)]
pub(crate) struct LifetimesBody {
    max_days: Option<u32>,
    default_days: Option<u32>,
}

impl LifetimesBody {
    /// None if everything is allowed.
    pub(crate) fn of(lifetimes: Lifetimes) -> Option<Self> {
        let Lifetimes { most: max_days, default: default_days } = lifetimes;
        (lifetimes != Lifetimes::default()).then_some(Self { max_days, default_days })
    }
}

/// An administrator.
#[derive(Serialize)]
pub(crate) struct AdminBody {
    username: String,
    role: &'static str,
    created_at: String,
    last_sign_in_at: Option<String>,
}

/// A session.
#[derive(Serialize)]
pub(crate) struct SessionBody {
    id: String,
    username: String,
    role: &'static str,
    created_at: String,
    last_seen_at: String,
    ends_at: String,
    from: String,
    current: bool,
}

/// How often a key was used and refused.
#[derive(Serialize)]
pub(crate) struct UsageBody {
    success: bool,
    since: String,
    span: &'static str,
    uses: u64,
    refusals: u64,
    counts: Vec<UsageCountBody>,
    addresses: Vec<AddressUsageBody>,
    address_count: u64,
    more_addresses: bool,
    tokens: u64,
    tokens_until: Option<String>,
    server_time: String,
}

/// Uses and refusals in one hour or day.
#[derive(Serialize)]
struct UsageCountBody {
    at: String,
    uses: u64,
    refusals: u64,
}

/// Uses and refusals from one address.
#[derive(Serialize)]
struct AddressUsageBody {
    address: String,
    uses: u64,
    refusals: u64,
    last_used_at: Option<String>,
    last_refused_at: Option<String>,
}

impl From<&KeyUsage> for UsageBody {
    fn from(usage: &KeyUsage) -> Self {
        let counts = usage.counts.iter().map(|count| UsageCountBody {
            at: time(count.at),
            uses: count.uses,
            refusals: count.refusals,
        });
        let addresses = usage.addresses.iter().map(|one| AddressUsageBody {
            address: one.address.raw_for_api().to_owned(),
            uses: one.uses,
            refusals: one.refusals,
            last_used_at: one.used_at.map(time),
            last_refused_at: one.refused_at.map(time),
        });
        Self {
            success: true,
            since: time(usage.since),
            span: usage.span.as_str(),
            uses: usage.uses(),
            refusals: usage.refusals(),
            counts: counts.collect(),
            addresses: addresses.collect(),
            address_count: usage.address_count,
            more_addresses: usage.has_more_addresses,
            tokens: usage.tokens,
            tokens_until: usage.tokens_until.map(time),
            server_time: time(usage.until),
        }
    }
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
            reactivates_at: key.reactivates_at.map(time),
            last_used_at: key.last_used_at.map(time),
            last_used_from: key.last_used_from.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            owner: key.owner.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            note: key.note.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            daily_uses: key.daily_uses.clone(),
            revision: key.revision,
            replaces: key.replaces().map(KeyId::raw_for_api).map(str::to_owned),
            replaced_by: key.replaced_by().map(KeyId::raw_for_api).map(str::to_owned),
            refused_at: key.refused_at.map(time),
            refused_from: key.refused_from.as_ref().map(Untrusted::raw_for_api).map(str::to_owned),
            used_after_rotation_at: key.late_use_at.map(time),
        }
    }
}

impl From<StoredEvent> for EventBody {
    fn from(event: StoredEvent) -> Self {
        let StoredEvent { about, label, kind, at, by, from, detail, changes, count, .. } = event;
        let (key, admin) = (about.key().map(str::to_owned), about.administrator().map(str::to_owned));
        let label = key.is_some().then_some(label);
        Self { at: time(at), kind, key, label, admin, by, from, detail, changes, count }
    }
}

impl From<&Administrator> for AdminBody {
    fn from(one: &Administrator) -> Self {
        Self {
            username: one.username.clone(),
            role: one.role.as_str(),
            created_at: time(one.created_at),
            last_sign_in_at: one.last_sign_in_at.map(time),
        }
    }
}

impl SessionBody {
    pub(crate) fn of(row: SessionRow, current: Option<SessionId>) -> Self {
        Self {
            id: row.id.to_text(),
            current: current == Some(row.id),
            role: row.role.as_str(),
            created_at: time(row.created_at),
            last_seen_at: time(row.last_seen_at),
            ends_at: time(row.ends_at()),
            username: row.username,
            from: row.source,
        }
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one.
pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
