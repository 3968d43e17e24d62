//! The JSON as it is on the wire, parsed into the model at the door.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{ApiError, Changes, Cursor, NewKey, Page};
use crate::domain::{
    AccessKey, AccessToken, CursorToken, Grant, KeyId, Lifetimes, MOST_USAGE_DAYS, Rotation, SealKey, SealTo, Status,
    Untrusted,
};

#[derive(Deserialize)]
pub(crate) struct WireKey {
    id: String,
    #[serde(default)]
    label: String,
    owner: Option<String>,
    note: Option<String>,
    status: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    reactivates_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    last_used_from: Option<String>,
    daily_uses: Option<Vec<u64>>,
    revision: Option<u64>,
    replaces: Option<String>,
    replaced_by: Option<String>,
    refused_at: Option<DateTime<Utc>>,
    refused_from: Option<String>,
    used_after_rotation_at: Option<DateTime<Utc>>,
}

/// The most days of a key that are kept.
const MOST_DAYS: usize = MOST_USAGE_DAYS as usize;

impl WireKey {
    pub(crate) fn into_key(self) -> Result<AccessKey, ApiError> {
        let id = |text: &str| {
            KeyId::parse(text).map_err(|_| ApiError::Garbled(200, "the access key ID is empty or too long"))
        };
        let new = self.replaced_by.as_deref().map(id).transpose()?.map(Rotation::ReplacedBy);
        let old = self.replaces.as_deref().map(id).transpose()?.map(Rotation::Replaces);
        Ok(AccessKey {
            id: id(&self.id)?,
            label: Untrusted::new(&self.label),
            owner: self.owner.as_deref().map(Untrusted::new),
            note: self.note.as_deref().map(Untrusted::new),
            status: Status::parse(&self.status).ok_or(ApiError::Garbled(200, "it has an unknown status"))?,
            reactivates_at: self.reactivates_at,
            created_at: self.created_at,
            created_by: Untrusted::new(&self.created_by),
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            last_used_from: self.last_used_from.as_deref().map(Untrusted::new),
            daily_uses: self.daily_uses.filter(|days| days.len() <= MOST_DAYS).map(Vec::into_boxed_slice),
            revision: self.revision,
            rotation: new.or(old),
            refused_at: self.refused_at,
            refused_from: self.refused_from.as_deref().map(Untrusted::new),
            late_use_at: self.used_after_rotation_at,
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct WirePage {
    keys: Vec<WireKey>,
    start_cursor: Option<String>,
    next_cursor: Option<String>,
    prev_cursor: Option<String>,
    pub(crate) total: Option<u64>,
    /// What it is sorted by.
    pub(crate) sort: Option<String>,
    /// The search as it was understood.
    pub(crate) query: Option<String>,
    #[serde(default)]
    lifetimes: WireLifetimes,
}

/// Missing from servers that allow everything.
#[derive(Default, Deserialize)]
struct WireLifetimes {
    max_days: Option<u32>,
    default_days: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct WireDue {
    pub(crate) keys: Vec<WireKey>,
}

#[derive(Deserialize)]
pub(crate) struct WireCounts {
    pub(crate) counts: Vec<WireCount>,
}

#[derive(Deserialize)]
pub(crate) struct WireCount {
    pub(crate) query: String,
    pub(crate) total: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct WireOwners {
    pub(crate) owners: Option<Vec<WireOwner>>,
}

#[derive(Deserialize)]
pub(crate) struct WireOwner {
    pub(crate) owner: Untrusted,
}

impl WirePage {
    /// Turns a page that was read upward around, so that it is in its list's order.
    pub(crate) fn into_page(self, place: &Cursor) -> Result<Page, ApiError> {
        let mut keys = self.keys.into_iter().map(WireKey::into_key).collect::<Result<Vec<_>, _>>()?;
        let (next, first) = (self.next_cursor.map(CursorToken), self.prev_cursor.map(CursorToken));
        if let Cursor::After(asked) | Cursor::Before(asked) = place {
            check_progress(&asked.0, next.as_ref().map(|next| next.0.as_str()))?;
        }
        let start = self.start_cursor.map(CursorToken).filter(|_| matches!(place, Cursor::Around(_)));
        let (before, after) = match place {
            Cursor::Start => (None, next),
            Cursor::Around(_) => (first.filter(|_| start.is_some()), next),
            Cursor::After(_) => (first, next),
            Cursor::End => (next, None),
            Cursor::Before(_) => (next, first),
        };
        if matches!(place, Cursor::End | Cursor::Before(_)) {
            keys.reverse();
        }
        let WireLifetimes { max_days, default_days } = self.lifetimes;
        let lifetimes = Lifetimes::new(max_days, default_days).unwrap_or_default();
        Ok(Page { keys, start, before, after, total: self.total, ahead: TimeDelta::zero(), lifetimes })
    }
}

/// Refuses a page after which comes the same page again: reading on would never end.
pub(crate) fn check_progress(asked: &str, next: Option<&str>) -> Result<(), ApiError> {
    if next == Some(asked) { Err(ApiError::Garbled(200, "its next page is the same page again")) } else { Ok(()) }
}

#[derive(Deserialize)]
pub(crate) struct WireKeyAnswer {
    pub(crate) key: WireKey,
}

#[derive(Deserialize)]
pub(crate) struct WireCreated {
    pub(crate) key: WireKey,
    pub(crate) secret_access_key: Option<SecretString>,
    /// In its place, from servers that seal secrets.
    pub(crate) sealed_secret: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct WireEndedRotation {
    pub(crate) replaced: WireKey,
    pub(crate) key: Option<WireKey>,
}

/// Of an error the words and the code count: its `success` may be `false` or `"false"`.
#[derive(Deserialize)]
pub(crate) struct WireError {
    pub(crate) message: String,
    #[serde(rename = "success", default, deserialize_with = "is_false")]
    pub(crate) is_failure: bool,
    #[serde(default, deserialize_with = "code")]
    pub(crate) code: Option<i64>,
    /// The key as it is, where it has changed.
    #[serde(default, deserialize_with = "key")]
    pub(crate) key: Option<AccessKey>,
}

/// A key; none if it is not one of the contract.
fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AccessKey>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value::<WireKey>(value).ok().and_then(|key| key.into_key().ok()))
}

/// Whether it is `false`, also as text.
fn is_false<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value == Value::Bool(false) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false")))
}

/// A number, also as text. Anything else is none: the words count anyway.
fn code<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()))
}

/// The answer to an exchange.
#[derive(Deserialize)]
pub(crate) struct WireGrant {
    access_token: SecretString,
    expiry_time: WireExpiry,
}

/// Unix seconds: documented as text, shown and sent as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireExpiry {
    Number(i64),
    Text(String),
}

impl WireGrant {
    pub(crate) fn into_grant(self) -> Result<Grant, ApiError> {
        let seconds = match self.expiry_time {
            WireExpiry::Number(seconds) => Some(seconds),
            WireExpiry::Text(text) => text.trim().parse().ok(),
        };
        let expires_at = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let token = self.access_token.expose_secret();
        // Visible ASCII, or no request could carry it (RFC 9110, section 5.5).
        if token.is_empty() {
            return Err(ApiError::Garbled(200, "its access token is empty"));
        }
        if !token.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let why = "its access token has characters that are not allowed in a header";
            return Err(ApiError::Garbled(200, why));
        }
        Ok(Grant {
            access_token: AccessToken::new(token),
            expires_at: expires_at.ok_or(ApiError::Garbled(200, "its expiry_time is not a time"))?,
        })
    }
}

#[derive(Serialize)]
pub(crate) struct WireNewKey<'a> {
    #[serde(flatten)]
    texts: BTreeMap<&'static str, &'a str>,
    /// Null: never, whatever the server's default. Missing: as the key that is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "absent, null and a time are three things, as in the contract")]
    expires_at: Option<Option<String>>,
    /// Missing if the secret shall be sent as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    seal_to: Option<String>,
    /// Missing if no key is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap_seconds: Option<u32>,
}

pub(crate) fn new_key<'a>(new: &'a NewKey, seal_key: Option<&SealKey>) -> WireNewKey<'a> {
    let seal_to = seal_key.and_then(SealKey::public).map(SealTo::text);
    let replaces = new.replaces.as_ref();
    WireNewKey {
        texts: new.texts.iter().collect(),
        expires_at: (!replaces.is_some_and(|old| old.keeps_expiry)).then(|| new.expires_at.map(time)),
        seal_to,
        overlap_seconds: replaces.map(|old| old.overlap_seconds),
    }
}

#[derive(Serialize)]
pub(crate) struct WireChanges<'a> {
    #[serde(flatten)]
    texts: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reactivates_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "absent, null and a time are three things, as in the contract")]
    expires_at: Option<Option<String>>,
}

pub(crate) fn changes(changes: &Changes) -> WireChanges<'_> {
    WireChanges {
        texts: changes.texts.iter().collect(),
        status: changes.status.map(Status::as_str),
        reactivates_at: changes.reactivates_at.map(time),
        expires_at: changes.expires_at.map(|end| end.map(time)),
    }
}

/// RFC 3339 in UTC, whole seconds.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
