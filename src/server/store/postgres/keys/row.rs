//! A key as a row: which columns are read and sorted by.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::domain::{AccessKey, KeyId, Sort, Untrusted};
use crate::server::store::error::StoreError;
use crate::server::store::keys::KeyRow;
use crate::server::store::keyset::{Keyset, SortValue};
use crate::server::store::rotation::StoredRotation;
use crate::server::store::status::{SwitchedOff, status};

/// Where a key's columns are: `k` is the key, `u` its last use.
pub(crate) const TABLES: &str = "keys k JOIN uses u USING (seq)";

/// The columns of a whole key, for a SELECT from [`TABLES`].
pub(crate) const COLUMNS: &str = "k.seq, k.id, k.label, k.owner, k.note, k.switched_off, k.created_at, k.created_by, \
                                  k.expires_at, k.reactivates_at, u.at AS last_used_at, u.source AS last_used_from, \
                                  k.revision, k.replaces, k.replaced_by, k.rotates_until, u.late_use_at, \
                                  u.refused_at, u.refused_from";

/// The column that a list is sorted by, and that for keys of one state.
pub(crate) const fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::CreatedAt => "k.seq",
        Sort::CreatedBy => "k.created_by",
        Sort::ExpiresAt => "k.ends_at",
        Sort::LastUsedAt => "u.at",
        Sort::Label => "k.label_fold",
        Sort::Owner => "k.owner_fold",
        Sort::Note => "k.note_fold",
        Sort::Status => "k.state",
        Sort::Id => "k.id",
    }
}

/// The order of creation within a list: of the table whose index is read.
pub(crate) const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::LastUsedAt => "u.seq",
        _ => "k.seq",
    }
}

/// Reads a key from a row of [`COLUMNS`].
pub(crate) fn key(row: &Row, now: DateTime<Utc>) -> Result<AccessKey, StoreError> {
    let expires_at = row.get::<_, Option<i64>>("expires_at").map(time);
    let off = off(row);
    let used: i64 = row.get("last_used_at");
    let text = |column| Untrusted::new(row.get(column));
    Ok(AccessKey {
        id: KeyId::parse(row.get("id")).map_err(|error| StoreError::Engine(Box::new(error)))?,
        label: text("label"),
        owner: Some(text("owner")),
        note: Some(text("note")),
        status: status(off, expires_at, now),
        reactivates_at: off.at(now).until,
        created_at: time(row.get("created_at")),
        created_by: text("created_by"),
        expires_at,
        last_used_at: (used != 0).then(|| time(used)),
        last_used_from: row.get::<_, Option<&str>>("last_used_from").map(Untrusted::new),
        daily_uses: None,
        rotation: StoredRotation::side(row.get("replaces"), row.get("replaced_by"), row.get("rotates_until"), now),
        refused_at: row.get::<_, Option<i64>>("refused_at").map(time),
        refused_from: row.get::<_, Option<&str>>("refused_from").map(Untrusted::new),
        late_use_at: row.get::<_, Option<i64>>("late_use_at").map(time),
        // With the activation that is due, which is stored before any other change.
        revision: Some(row.get::<_, i64>("revision").unsigned_abs() + u64::from(off.due(now).is_some())),
    })
}

/// Whether a key is switched off.
pub(crate) fn off(row: &Row) -> SwitchedOff {
    let until = row.get::<_, Option<i64>>("reactivates_at").map(time);
    SwitchedOff { is_off: row.get("switched_off"), until }
}

/// Reads a key and its place in a sorted list from a row of [`COLUMNS`] with the value sorted by as `place`.
pub(crate) fn placed(row: &Row, sort: Sort, now: DateTime<Utc>) -> Result<KeyRow, StoreError> {
    let value = match sort {
        Sort::Label | Sort::CreatedBy | Sort::Owner | Sort::Note | Sort::Id => SortValue::Text(row.get("place")),
        Sort::CreatedAt | Sort::ExpiresAt | Sort::LastUsedAt | Sort::Status => SortValue::Number(row.get("place")),
    };
    Ok(KeyRow { place: Keyset { value, seq: row.get("seq") }, key: key(row, now)? })
}

/// A time of the database. Milliseconds that no calendar holds are read as 1970.
pub(crate) fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}
