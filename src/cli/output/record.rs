//! Keys and events as records. Their JSON is a promise to scripts: fields are added, never renamed or removed.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::client::Event;
use crate::domain::key::fields::{FIELDS, FieldValue, NEVER};
use crate::domain::{AccessKey, Untrusted};
use crate::operations::format::time;

/// An access key, as `--output json` shows it everywhere: names and forms as in the HTTP contract, absent values `null`.
pub struct KeyRecord<'a> {
    values: [FieldValue<'a>; FIELDS.len()],
    texts: [Option<Cow<'a, str>>; FIELDS.len()],
}

impl Serialize for KeyRecord<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(FIELDS.len()))?;
        for (field, value) in FIELDS.iter().zip(&self.texts) {
            map.serialize_entry(field.name, value)?;
        }
        map.end()
    }
}

impl<'a> KeyRecord<'a> {
    /// The names of the fields, in the order of [`cells`](Self::cells).
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|field| field.name)
    }

    pub fn of(key: &'a AccessKey) -> Self {
        let values = FIELDS.each_ref().map(|field| (field.value)(key));
        Self { values, texts: values.map(|value| value.raw(time)) }
    }

    /// The values as they came; empty if absent.
    pub fn cells(&self) -> [&str; FIELDS.len()] {
        self.texts.each_ref().map(|text| text.as_deref().unwrap_or_default())
    }

    /// The same for people: a time that is absent is "never".
    pub fn cells_in_words(&self) -> [&str; FIELDS.len()] {
        let mut cells = self.cells();
        for (cell, value) in cells.iter_mut().zip(&self.values) {
            if value.is_never() {
                *cell = NEVER;
            }
        }
        cells
    }

    /// The values for people, with the titles of their fields.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        FIELDS.iter().map(|field| field.title).zip(self.cells_in_words()).collect()
    }
}

/// One line of a key's history, as `--output json` shows it.
#[derive(Serialize)]
pub struct EventRecord<'a> {
    pub at: String,
    /// `created`, `edited`, `used`, `refused`, `deleted`.
    pub kind: &'a str,
    /// The administrator; `null` if none did it.
    pub by: Option<&'a str>,
    pub from: Option<&'a str>,
    /// What was edited, or why it was refused.
    pub detail: Option<&'a str>,
    /// How many refusals it stands for.
    pub count: u64,
    #[serde(skip)]
    times: String,
}

impl<'a> EventRecord<'a> {
    pub fn of(event: &'a Event) -> Self {
        let text = |text: &'a Option<Untrusted>| text.as_ref().map(Untrusted::raw_for_api);
        Self {
            at: time(event.at),
            kind: event.kind.raw_for_api(),
            by: text(&event.by),
            from: text(&event.from),
            detail: text(&event.detail),
            count: event.count,
            times: event.count.to_string(),
        }
    }

    /// The values as texts, as they came; what is not there is empty.
    pub fn cells(&self) -> [&str; 6] {
        let text = |text: Option<&'a str>| text.unwrap_or_default();
        [&self.at, self.kind, text(self.by), text(self.from), text(self.detail), &self.times]
    }
}
