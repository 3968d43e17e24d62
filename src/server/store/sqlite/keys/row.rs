//! A key as a row of the table: which columns are read, searched and sorted by.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};

use crate::domain::{AccessKey, KeyId, Sort, Untrusted};
use crate::server::store::keys::KeyRow;
use crate::server::store::keyset::{Keyset, SortValue};
use crate::server::store::rotation::StoredRotation;
use crate::server::store::status::{SwitchedOff, status};

/// What a search looks in: the ID, which is in upper case, and folded texts. Statements whose rows a search looks at
/// select these first.
pub(crate) const SEARCHED: [&str; 4] = ["id", "label_fold", "owner_fold", "note_fold"];

/// What [`key`] and [`placed`] read.
const COLUMNS: [&str; 24] = [
    "id",
    "label_fold",
    "owner_fold",
    "note_fold",
    "seq",
    "state",
    "label",
    "switched_off",
    "reactivates_at",
    "created_at",
    "created_by",
    "expires_at",
    "ends_at",
    "last_used_at",
    "last_used_from",
    "owner",
    "note",
    "revision",
    "replaces",
    "replaced_by",
    "rotates_until",
    "late_use_at",
    "refused_at",
    "refused_from",
];

/// The columns of a whole key, for a SELECT.
pub(crate) fn columns() -> String {
    COLUMNS.join(", ")
}

/// The columns that a search looks in, for a SELECT.
pub(crate) fn searched() -> String {
    SEARCHED.join(", ")
}

/// What the search index reads of a key, in SQL. Line breaks separate the texts; those at the end let the last one and
/// two characters start a trigram too, so that a search for one or two characters is a search for trigrams that begin
/// with them.
pub fn document() -> String {
    SEARCHED.map(|column| format!("lower({column})")).join(" || char(10) || ") + " || char(10, 10)"
}

/// The position of a column of [`COLUMNS`]: by name, but looked up when the program is compiled.
pub(crate) const fn at(name: &str) -> usize {
    let mut position = 0;
    while !same(COLUMNS[position], name) {
        position += 1;
    }
    position
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut position = 0;
    while position < one.len() && position < other.len() && one[position] == other[position] {
        position += 1;
    }
    position == one.len() && position == other.len()
}

/// The column that a list is sorted by.
pub(crate) const fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::CreatedAt => "seq",
        Sort::CreatedBy => "created_by",
        Sort::ExpiresAt => "ends_at",
        Sort::LastUsedAt => "last_used_at",
        Sort::Label => "label_fold",
        Sort::Owner => "owner_fold",
        Sort::Note => "note_fold",
        Sort::Status => "state",
        Sort::Id => "id",
    }
}

/// Reads a key and its place in a list sorted by `sort` from a row of [`columns`].
pub(crate) fn placed(row: &Row<'_>, sort: Sort, now: DateTime<Utc>) -> rusqlite::Result<KeyRow> {
    let place = Keyset { value: row.get(at(column(sort)))?, seq: row.get(const { at("seq") })? };
    Ok(KeyRow { place, key: key(row, now)? })
}

/// Reads a key from a row of [`columns`].
pub(crate) fn key(row: &Row<'_>, now: DateTime<Utc>) -> rusqlite::Result<AccessKey> {
    let expires_at = row.get::<_, Option<i64>>(const { at("expires_at") })?.map(time);
    let off = off(row)?;
    let used: i64 = row.get(const { at("last_used_at") })?;
    let id: String = row.get(const { at("id") })?;
    Ok(AccessKey {
        id: KeyId::parse(&id).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(const { at("id") }, Type::Text, Box::new(error))
        })?,
        label: untrusted(row, const { at("label") })?,
        owner: Some(untrusted(row, const { at("owner") })?),
        note: Some(untrusted(row, const { at("note") })?),
        status: status(off, expires_at, now),
        reactivates_at: off.at(now).until,
        created_at: time(row.get(const { at("created_at") })?),
        created_by: untrusted(row, const { at("created_by") })?,
        expires_at,
        last_used_at: (used != 0).then(|| time(used)),
        last_used_from: row.get::<_, Option<String>>(const { at("last_used_from") })?.map(|from| Untrusted::new(&from)),
        daily_uses: None,
        rotation: StoredRotation::side(
            row.get_ref(const { at("replaces") })?.as_str_or_null()?,
            row.get_ref(const { at("replaced_by") })?.as_str_or_null()?,
            row.get(const { at("rotates_until") })?,
            now,
        ),
        refused_at: row.get::<_, Option<i64>>(const { at("refused_at") })?.map(time),
        refused_from: row.get::<_, Option<String>>(const { at("refused_from") })?.map(|from| Untrusted::new(&from)),
        late_use_at: row.get::<_, Option<i64>>(const { at("late_use_at") })?.map(time),
        // With the activation that is due, which is stored before any other change.
        revision: Some(row.get::<_, i64>(const { at("revision") })?.unsigned_abs() + u64::from(off.due(now).is_some())),
    })
}

/// Whether it is switched off, from a row of [`columns`].
pub(crate) fn off(row: &Row<'_>) -> rusqlite::Result<SwitchedOff> {
    let until = row.get::<_, Option<i64>>(const { at("reactivates_at") })?.map(time);
    Ok(SwitchedOff { is_off: row.get(const { at("switched_off") })?, until })
}

fn untrusted(row: &Row<'_>, column: usize) -> rusqlite::Result<Untrusted> {
    Ok(Untrusted::new(row.get_ref(column)?.as_str()?))
}

/// A time of the database. Milliseconds that no calendar holds are read as 1970.
pub(crate) fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

impl FromSql for SortValue {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(Self::Number(number)),
            ValueRef::Text(_) => Ok(Self::Text(value.as_str()?.to_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

impl ToSql for SortValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::sqlite::keys::row::*;

    #[test]
    fn what_is_searched_is_selected_first() {
        assert_eq!(COLUMNS[..SEARCHED.len()], SEARCHED);
        assert_eq!(
            document(),
            "lower(id) || char(10) || lower(label_fold) || char(10) || lower(owner_fold) || char(10) || lower(note_fold) || char(10, 10)"
        );
    }
}
