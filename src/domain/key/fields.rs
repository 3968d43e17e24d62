//! The fields of an access key: one table for the page's list and details, plain lines, and the output of commands.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

pub use super::columns::{AFTER_DETAILS, ColumnWidth, Columns, ListColumn, MARK};
use super::{AccessKey, KeyId, Sort, Status, USAGE_DAYS};
use crate::domain::Untrusted;

/// How a time reads that is absent.
pub const NEVER: &str = "never";

/// The title of the time at which a deactivated key becomes active by itself: shown only of a key that has it.
pub const AGAIN: &str = "Active again";

/// How a text reads that is empty.
const EMPTY: &str = "(none)";

/// How a text reads that the server does not keep.
const NOT_KEPT: &str = "(not kept by this server)";

/// The title of the uses of the last [`USAGE_DAYS`] days.
pub const USES: &str = "Uses, 30 days";

/// A field of a key.
#[derive(Debug)]
pub struct KeyField {
    /// Its name in JSON, in CSV and in the HTTP contract: a promise to scripts.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its value of a key.
    pub value: fn(&AccessKey) -> FieldValue<'_>,
    /// Its column in the page's list.
    pub column: ListColumn,
    /// Where it is shown when one key is told in rows.
    pub row: Row,
    /// Its rank where there isn't room for all: the lowest stays longest.
    pub keep: u8,
    /// Whether plain mode's list tells it.
    pub in_line: bool,
    /// What users write into it; none if they can't.
    pub text: Option<UserText>,
}

/// A text that users write.
#[derive(Clone, Copy, Debug)]
pub struct UserText {
    /// The most characters (Unicode scalar values; HTTP contract, part B).
    pub max_chars: usize,
    /// What it is for.
    pub help: &'static str,
}

/// The value of a field, by how it reads.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue<'a> {
    /// An access key ID.
    Id(&'a KeyId),
    /// Text from a server; absent if there is none, or the server doesn't keep it.
    Text(Option<&'a Untrusted>),
    Status(Status),
    /// A time, read as a date.
    At(DateTime<Utc>),
    /// A time in the past, read as how long ago; never if absent.
    Ago(Option<DateTime<Utc>>),
    /// A time to come, read as a date and how long until then; never if absent.
    Until(Option<DateTime<Utc>>),
    /// The uses of each day, read as a strip; absent if they are not known.
    Uses(Option<&'a [u64]>),
}

/// Where a field is shown when one key is told in rows.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// In a row of its own; the lowest comes first.
    Own(u8),
    /// Behind the field of this name, after this word.
    Behind(&'static str, &'static str),
    /// Nowhere.
    None,
}

/// How many of the fields are in a record of a key, wherever one is shown or written: the first ones. What follows is in
/// the page's list only.
pub const RECORD_FIELDS: usize = 10;

/// The fields, in the order of JSON and CSV.
pub static FIELDS: [KeyField; RECORD_FIELDS + 1] = [
    field("id", "Access key ID", |key| FieldValue::Id(&key.id), Row::Own(10), 10)
        .column(10, Some(Sort::Id), ColumnWidth::Id, 0)
        .in_line(),
    field("label", "Label", |key| FieldValue::Text(Some(&key.label)), Row::Own(20), 20)
        .column(20, Some(Sort::Label), ColumnWidth::Rest, 0)
        .in_line()
        .text(100, "Name of the key"),
    field("status", "Status", |key| FieldValue::Status(key.status), Row::Own(30), 30)
        .column(90, Some(Sort::Status), ColumnWidth::Cells(10), 6)
        .in_line(),
    field("created_at", "Created", |key| FieldValue::At(key.created_at), Row::Own(40), 70).column(
        40,
        Some(Sort::CreatedAt),
        ColumnWidth::Date(10),
        28,
    ),
    field(
        "created_by",
        "Created by",
        |key| FieldValue::Text(Some(&key.created_by)),
        Row::Behind("created_at", "by"),
        60,
    )
    .column(50, Some(Sort::CreatedBy), ColumnWidth::Text(16), 26),
    field("expires_at", "Expires", |key| FieldValue::Until(key.expires_at), Row::Own(60), 50)
        .column(80, Some(Sort::ExpiresAt), ColumnWidth::MarkedAge(9 + MARK), 15)
        .in_line(),
    field("last_used_at", "Last used", |key| FieldValue::Ago(key.last_used_at), Row::Own(50), 40)
        .column(60, Some(Sort::LastUsedAt), ColumnWidth::Age(10), 12)
        .in_line(),
    field(
        "last_used_from",
        "Last used from",
        |key| FieldValue::Text(key.last_used_from.as_ref()),
        Row::Behind("last_used_at", "from"),
        65,
    )
    .column(70, None, ColumnWidth::Text(15), 28)
    .titled("Used from"),
    field("owner", "Owner", |key| FieldValue::Text(key.owner.as_ref()), Row::Own(25), 55)
        .column(30, Some(Sort::Owner), ColumnWidth::Text(16), 24)
        .in_line()
        .text(100, "Who answers for the key: a person, a team or a system"),
    field("note", "Note", |key| FieldValue::Text(key.note.as_ref()), Row::Own(70), 90)
        .column(100, Some(Sort::Note), ColumnWidth::Text(30), 40)
        .text(500, "Anything else to know about the key"),
    field("daily_uses", USES, |key| FieldValue::Uses(key.daily_uses.as_deref()), Row::None, 80).column(
        65,
        None,
        ColumnWidth::Text(USAGE_DAYS as usize),
        usize::MAX - 1,
    ),
];

const fn field(
    name: &'static str,
    title: &'static str,
    value: fn(&AccessKey) -> FieldValue<'_>,
    row: Row,
    keep: u8,
) -> KeyField {
    let column = ListColumn { title, order: 0, sort: None, width: ColumnWidth::Rest, beside: 0 };
    KeyField { name, title, value, column, row, keep, in_line: false, text: None }
}

impl KeyField {
    const fn column(mut self, order: u8, sort: Option<Sort>, width: ColumnWidth, beside: usize) -> Self {
        self.column = ListColumn { title: self.title, order, sort, width, beside };
        self
    }

    const fn titled(mut self, title: &'static str) -> Self {
        self.column.title = title;
        self
    }

    const fn in_line(mut self) -> Self {
        self.in_line = true;
        self
    }

    const fn text(mut self, max_chars: usize, help: &'static str) -> Self {
        self.text = Some(UserText { max_chars, help });
        self
    }

    /// The word before it where it is shown behind another field, and the field itself.
    pub fn behind(&self) -> Option<(&'static str, &'static Self)> {
        FIELDS.iter().find_map(|other| match other.row {
            Row::Behind(name, word) if name == self.name => Some((word, other)),
            _ => None,
        })
    }

    /// The text of a key as the server gave it; empty if it is no text or absent.
    pub fn raw_text<'a>(&self, key: &'a AccessKey) -> &'a str {
        match (self.value)(key) {
            FieldValue::Text(Some(text)) => text.raw_for_api(),
            _ => "",
        }
    }

    /// The title of its column in the output of commands.
    pub fn heading(&self) -> String {
        match self.row {
            Row::Own(_) | Row::None => self.title,
            Row::Behind(_, word) => word,
        }
        .to_uppercase()
    }
}

impl<'a> FieldValue<'a> {
    /// Whether it is a time that is absent, which reads as [`NEVER`].
    pub const fn is_never(self) -> bool {
        matches!(self, Self::Ago(None) | Self::Until(None))
    }

    /// What a row of its own says of a text that is empty or that the server does not keep.
    pub fn missing(self) -> Option<&'static str> {
        match self {
            Self::Text(None) => Some(NOT_KEPT),
            Self::Text(Some(text)) => text.is_empty().then_some(EMPTY),
            _ => None,
        }
    }

    /// The value as it came, for programs: text as the server gave it, times by `time`; none if absent.
    pub fn raw(self, time: impl FnOnce(DateTime<Utc>) -> String) -> Option<Cow<'a, str>> {
        match self {
            Self::Id(id) => Some(id.raw_for_api().into()),
            Self::Text(text) => text.map(|text| text.raw_for_api().into()),
            Self::Status(status) => Some(status.as_str().into()),
            Self::At(at) => Some(time(at).into()),
            Self::Ago(at) | Self::Until(at) => at.map(|at| time(at).into()),
            Self::Uses(_) => None,
        }
    }
}

/// The fields of a record of a key.
pub fn record_fields() -> &'static [KeyField] {
    &FIELDS[..RECORD_FIELDS]
}

/// The field of a name.
pub fn named(name: &str) -> Option<&'static KeyField> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The fields that users write.
pub fn written() -> impl Iterator<Item = (&'static KeyField, UserText)> {
    FIELDS.iter().filter_map(|field| Some((field, field.text?)))
}

/// Whether a filter looks in a field: in the ID, and in what users write.
pub const fn is_searched(field: &KeyField) -> bool {
    matches!(field.column.width, ColumnWidth::Id) || field.text.is_some()
}

/// The fields that a filter looks in, as an enumeration: the ID, and what users write.
pub fn searched() -> String {
    let mut titles: Vec<String> = written().map(|(field, _)| field.title.to_lowercase()).collect();
    titles.insert(0, "ID".to_owned());
    let last = titles.pop().unwrap_or_default();
    format!("{} and {last}", titles.join(", "))
}

/// The title of the column that is sorted so.
pub fn title_of(sort: Sort) -> &'static str {
    FIELDS.iter().find(|field| field.column.sort == Some(sort)).map_or("", |field| field.column.title)
}

/// How many cells the widest text of each field takes in some keys, in the order of [`FIELDS`]. What isn't text takes none.
pub type FieldWidths = [usize; FIELDS.len()];

/// Measures keys.
pub fn widths<'a>(keys: impl IntoIterator<Item = &'a AccessKey>) -> FieldWidths {
    let mut widths = [0; FIELDS.len()];
    for key in keys {
        for (width, field) in widths.iter_mut().zip(&FIELDS) {
            let cells = match (field.value)(key) {
                FieldValue::Id(id) => id.width(),
                FieldValue::Text(Some(text)) => text.identity_width(),
                FieldValue::Uses(Some(uses)) if uses.iter().any(|uses| *uses > 0) => uses.len(),
                _ => 0,
            };
            *width = cells.max(*width);
        }
    }
    widths
}

/// The fields that have a row of their own, in the order of the rows.
pub fn rows() -> Vec<&'static KeyField> {
    let mut rows: Vec<(u8, &KeyField)> = FIELDS
        .iter()
        .filter_map(|field| match field.row {
            Row::Own(at) => Some((at, field)),
            Row::Behind(..) | Row::None => None,
        })
        .collect();
    rows.sort_unstable_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, field)| field).collect()
}

/// The indices of the fields in [`FIELDS`]; those that stay longest where there isn't room for all come first.
pub fn by_rank() -> Vec<usize> {
    let mut indices: Vec<usize> = (0..FIELDS.len()).collect();
    indices.sort_unstable_by_key(|&index| FIELDS[index].keep);
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_is_of_a_column_and_has_its_name() {
        let mut sorts: Vec<&str> = FIELDS.iter().filter_map(|field| field.column.sort).map(Sort::as_str).collect();
        let named: Vec<&str> = FIELDS.iter().filter(|f| f.column.sort.is_some()).map(|field| field.name).collect();
        assert_eq!(sorts, named);
        let mut of_columns = Sort::ALL.map(Sort::as_str);
        sorts.sort_unstable();
        of_columns.sort_unstable();
        assert_eq!(sorts, of_columns);
        assert!(Sort::ALL.iter().all(|sort| !title_of(*sort).is_empty()));
    }

    #[test]
    fn scripts_keep_their_columns() {
        let names: Vec<&str> = record_fields().iter().map(|field| field.name).collect();
        assert_eq!(
            names.join(","),
            "id,label,status,created_at,created_by,expires_at,last_used_at,last_used_from,owner,note"
        );
    }
}
