//! The fields of an access key: one table for the page's list and details, plain lines, and the output of commands.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{AccessKey, KeyId, Sort, Status};
use crate::domain::Untrusted;

/// How a time reads that is absent.
pub const NEVER: &str = "never";

/// How a text reads that is empty.
const EMPTY: &str = "(none)";

/// How a text reads that the server does not keep.
const NOT_KEPT: &str = "(not kept by this server)";

/// A field of a key.
#[derive(Debug)]
pub struct KeyField {
    /// Its name in JSON, in CSV and in the HTTP contract: a promise to scripts.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its value of a key.
    pub value: fn(&AccessKey) -> FieldValue<'_>,
    /// Its column in the page's list, and the sort by it. The columns are in the order of
    /// [`Sort::OF_COLUMNS`].
    pub column: Option<(Sort, ColumnWidth)>,
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
}

/// How many cells a column of the page's list takes.
#[derive(Clone, Copy, Debug)]
pub enum ColumnWidth {
    /// What the widest ID needs.
    Id,
    /// What the others leave.
    Rest,
    /// So many, always.
    Always(usize),
    /// The first number of cells, if more than the second is left for columns that stay longer.
    IfRoom(usize, usize),
}

/// Where a field is shown when one key is told in rows.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// In a row of its own; the lowest comes first.
    Own(u8),
    /// Behind the field of this name, after this word.
    Behind(&'static str, &'static str),
}

/// The fields, in the order of JSON and CSV.
pub static FIELDS: [KeyField; 10] = [
    field("id", "Access key ID", |key| FieldValue::Id(&key.id), Row::Own(10), 10)
        .column(Sort::Id, ColumnWidth::Id)
        .in_line(),
    field("label", "Label", |key| FieldValue::Text(Some(&key.label)), Row::Own(20), 20)
        .column(Sort::Label, ColumnWidth::Rest)
        .in_line()
        .text(100, "Name of the key"),
    field("status", "Status", |key| FieldValue::Status(key.status), Row::Own(30), 30)
        .column(Sort::Status, ColumnWidth::Always(10))
        .in_line(),
    field("created_at", "Created", |key| FieldValue::At(key.created_at), Row::Own(40), 60)
        .column(Sort::CreatedAt, ColumnWidth::IfRoom(10, 9)),
    field(
        "created_by",
        "Created by",
        |key| FieldValue::Text(Some(&key.created_by)),
        Row::Behind("created_at", "by"),
        70,
    ),
    field("expires_at", "Expires", |key| FieldValue::Until(key.expires_at), Row::Own(60), 50).in_line(),
    field("last_used_at", "Last used", |key| FieldValue::Ago(key.last_used_at), Row::Own(50), 40)
        .column(Sort::LastUsedAt, ColumnWidth::IfRoom(10, 12))
        .in_line(),
    field(
        "last_used_from",
        "Last used from",
        |key| FieldValue::Text(key.last_used_from.as_ref()),
        Row::Behind("last_used_at", "from"),
        80,
    ),
    field("owner", "Owner", |key| FieldValue::Text(key.owner.as_ref()), Row::Own(25), 65)
        .column(Sort::Owner, ColumnWidth::IfRoom(16, 24))
        .in_line()
        .text(100, "Who answers for the key: a person, a team or a system"),
    field("note", "Note", |key| FieldValue::Text(key.note.as_ref()), Row::Own(70), 90)
        .column(Sort::Note, ColumnWidth::IfRoom(40, 50))
        .text(500, "Anything else to know about the key"),
];

const fn field(
    name: &'static str,
    title: &'static str,
    value: fn(&AccessKey) -> FieldValue<'_>,
    row: Row,
    keep: u8,
) -> KeyField {
    KeyField { name, title, value, column: None, row, keep, in_line: false, text: None }
}

impl KeyField {
    const fn column(mut self, sort: Sort, width: ColumnWidth) -> Self {
        self.column = Some((sort, width));
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
            Row::Own(_) => self.title,
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
        }
    }
}

/// The field of a name.
pub fn named(name: &str) -> Option<&'static KeyField> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The fields that users write.
pub fn written() -> impl Iterator<Item = (&'static KeyField, UserText)> {
    FIELDS.iter().filter_map(|field| Some((field, field.text?)))
}

/// The fields that a filter looks in, as an enumeration: the ID, and what users write.
pub fn searched() -> String {
    let mut titles: Vec<String> = written().map(|(field, _)| field.title.to_lowercase()).collect();
    titles.insert(0, "ID".to_owned());
    let last = titles.pop().unwrap_or_default();
    format!("{} and {last}", titles.join(", "))
}

/// The columns of the page's list, from the left.
pub fn columns() -> impl Iterator<Item = (&'static KeyField, Sort, ColumnWidth)> {
    let of = |sort| {
        FIELDS
            .iter()
            .find_map(move |field| field.column.filter(|(by, _)| *by == sort).map(|(_, width)| (field, sort, width)))
    };
    Sort::OF_COLUMNS.into_iter().filter_map(of)
}

/// The fields that have a row of their own, in the order of the rows.
pub fn rows() -> Vec<&'static KeyField> {
    let mut rows: Vec<(u8, &KeyField)> = FIELDS
        .iter()
        .filter_map(|field| match field.row {
            Row::Own(at) => Some((at, field)),
            Row::Behind(..) => None,
        })
        .collect();
    rows.sort_unstable_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, field)| field).collect()
}

/// The places of the fields in [`FIELDS`]; those that stay longest where there isn't room for all come first.
pub fn by_rank() -> Vec<usize> {
    let mut places: Vec<usize> = (0..FIELDS.len()).collect();
    places.sort_unstable_by_key(|&place| FIELDS[place].keep);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_is_of_a_column_and_has_its_name() {
        assert_eq!(columns().count(), Sort::OF_COLUMNS.len());
        assert!(columns().all(|(field, sort, _)| field.name == sort.as_str()));
    }

    #[test]
    fn scripts_keep_their_columns() {
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(
            names.join(","),
            "id,label,status,created_at,created_by,expires_at,last_used_at,last_used_from,owner,note"
        );
    }
}
