//! A key as a row of the table.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Value;

use crate::domain::{AccessKey, KeyId, Sort, Status, Untrusted};

/// What [`key`] reads, in its order.
pub(crate) const COLUMNS: &str =
    "id, label, switched_off, created_at, created_by, expires_at, last_used_at, last_used_from, label_fold";

/// A key and where it stands in its list.
pub(crate) struct KeyRow {
    pub(crate) key: AccessKey,
    pub(crate) place: Keyset,
}

/// A place in a sorted list: the value sorted by, and for equal values the order of creation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keyset {
    pub(crate) value: Value,
    pub(crate) seq: i64,
}

/// The column that a list is sorted by.
pub(crate) const fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::CreatedAt => "seq",
        Sort::LastUsedAt => "last_used_at",
        Sort::Label => "label_fold",
        Sort::Status => "state",
        Sort::Id => "id",
    }
}

/// Where in `state` a status sorts.
pub(crate) const fn state(status: Status) -> i64 {
    match status {
        Status::Active => 0,
        Status::Expired => 1,
        Status::Inactive => 2,
    }
}

/// Whether a key works at `now`, by what cannot be out of date.
pub(crate) fn status(switched_off: bool, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Status {
    match expires_at {
        Some(end) if end <= now => Status::Expired,
        _ if switched_off => Status::Inactive,
        _ => Status::Active,
    }
}

/// Reads [`COLUMNS`] from the given column on.
pub(crate) fn key(row: &Row<'_>, at: usize, now: DateTime<Utc>) -> rusqlite::Result<AccessKey> {
    let expires_at = row.get::<_, Option<i64>>(at + 5)?.map(time);
    let used: i64 = row.get(at + 6)?;
    let id: String = row.get(at)?;
    Ok(AccessKey {
        id: KeyId::parse(&id).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
        })?,
        label: untrusted(row, at + 1)?,
        status: status(row.get(at + 2)?, expires_at, now),
        created_at: time(row.get(at + 3)?),
        created_by: untrusted(row, at + 4)?,
        expires_at,
        last_used_at: (used != 0).then(|| time(used)),
        last_used_from: row.get::<_, Option<String>>(at + 7)?.map(|from| Untrusted::new(&from)),
    })
}

fn untrusted(row: &Row<'_>, at: usize) -> rusqlite::Result<Untrusted> {
    Ok(Untrusted::new(row.get_ref(at)?.as_str()?))
}

/// A time of the database. Milliseconds that no calendar holds are read as its beginning.
pub(crate) fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}
