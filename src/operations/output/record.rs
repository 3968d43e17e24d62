//! Keys and events as records. Their JSON is a promise to scripts: fields are added, never renamed or removed.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::client::Event;
use crate::domain::key::fields;
use crate::domain::key::fields::{AGAIN, FieldValue, NEVER, RECORD_FIELDS};
use crate::domain::{AccessKey, KeyId, Rotation, Untrusted};
use crate::operations::format::time;
use crate::operations::keys::activity::history;
use crate::operations::keys::rotate;

/// An access key, as `--output json` shows it everywhere: names and forms as in the HTTP contract, absent values `null`.
pub struct KeyRecord<'a> {
    values: [FieldValue<'a>; RECORD_FIELDS],
    texts: [Option<Cow<'a, str>>; RECORD_FIELDS],
    /// When a deactivated key becomes active again by itself; only in JSON, and for people where there is such a time.
    reactivates_at: Option<String>,
    /// The status for people, of a key that is one of the two of a rotation: as on the page.
    paired: Option<String>,
    /// The same in full.
    rotation: Vec<(&'static str, String)>,
    key: &'a AccessKey,
}

/// What only JSON has: for programs that send the revision back, and for those that look after rotations.
const ONLY_JSON: usize = 7;

impl Serialize for KeyRecord<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(RECORD_FIELDS + ONLY_JSON))?;
        for (field, value) in fields::record_fields().iter().zip(&self.texts) {
            map.serialize_entry(field.name, value)?;
        }
        map.serialize_entry("reactivates_at", &self.reactivates_at)?;
        let AccessKey { revision, refused_at, refused_from, late_use_at, .. } = self.key;
        map.serialize_entry("revision", revision)?;
        map.serialize_entry("replaces", &self.key.replaces().map(KeyId::raw_for_api))?;
        map.serialize_entry("replaced_by", &self.key.replaced_by().map(KeyId::raw_for_api))?;
        map.serialize_entry("refused_at", &refused_at.map(time))?;
        map.serialize_entry("refused_from", &refused_from.as_ref().map(Untrusted::raw_for_api))?;
        map.serialize_entry("used_after_rotation_at", &late_use_at.map(time))?;
        map.end()
    }
}

impl<'a> KeyRecord<'a> {
    /// The names of the fields, in the order of [`cells`](Self::cells).
    pub fn names() -> impl Iterator<Item = &'static str> {
        fields::record_fields().iter().map(|field| field.name)
    }

    pub fn of(key: &'a AccessKey) -> Self {
        let values = std::array::from_fn(|index| (fields::FIELDS[index].value)(key));
        let texts = values.map(|value: FieldValue<'_>| value.raw(time));
        let paired = key.rotation.as_ref().map(|rotation| match rotation {
            Rotation::ReplacedBy(_) => format!("{} old", key.status.as_str()),
            Rotation::Replaces(_) => format!("{} new", key.status.as_str()),
        });
        let rotation = rotate::facts(key, time);
        Self { values, texts, reactivates_at: key.reactivates_at.map(time), paired, rotation, key }
    }

    /// A value as it came, by the index of its field in [`fields::FIELDS`].
    pub fn value(&self, index: usize) -> Option<&str> {
        self.texts.get(index)?.as_deref()
    }

    /// The values as they came; empty if absent.
    pub fn cells(&self) -> [&str; RECORD_FIELDS] {
        self.texts.each_ref().map(|text| text.as_deref().unwrap_or_default())
    }

    /// The same for people: a time that is absent is "never".
    pub fn cells_in_words(&self) -> [&str; RECORD_FIELDS] {
        let mut cells = self.cells();
        for (cell, value) in cells.iter_mut().zip(&self.values) {
            match (value, &self.paired) {
                (FieldValue::Status(_), Some(words)) => *cell = words,
                _ if value.is_never() => *cell = NEVER,
                _ => {}
            }
        }
        cells
    }

    /// The values for people, with the titles of their fields.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields: Vec<_> =
            fields::record_fields().iter().map(|field| field.title).zip(self.cells_in_words()).collect();
        if let Some(at) = &self.reactivates_at {
            let status = fields::record_fields().iter().position(|field| field.name == "status").unwrap_or(0);
            fields.insert(status + 1, (AGAIN, at));
        }
        fields.extend(self.rotation.iter().map(|(title, text)| (*title, text.as_str())));
        fields
    }
}

/// One event, as `--output json` shows it.
#[derive(Serialize)]
pub struct EventRecord<'a> {
    pub at: String,
    /// `created`, `edited`, `used` and so on.
    pub kind: &'a str,
    /// The key that it is about; `null` if it is about none.
    pub key: Option<&'a str>,
    /// The administrator that it is about; `null` if it is about none.
    pub admin: Option<&'a str>,
    /// Who did it; `null` for uses and refusals.
    pub by: Option<&'a str>,
    pub from: Option<&'a str>,
    /// What was edited, or why it was refused.
    pub detail: Option<&'a str>,
    pub changes: Vec<ChangeRecord<'a>>,
    /// How many refusals it counts.
    pub count: u64,
    /// The label of the key, also of a deleted one; `null` if it is about none, and where the server doesn't tell it.
    pub label: Option<&'a str>,
    /// What happened, for people: an edit that switches a key is called by that.
    #[serde(skip)]
    word: String,
    #[serde(skip)]
    times: String,
    #[serde(skip)]
    changed: String,
}

/// A field that has another value than before.
#[derive(Serialize)]
pub struct ChangeRecord<'a> {
    field: &'a str,
    /// `null` if there was no value.
    old: Option<&'a str>,
    /// `null` if there is no value any more.
    new: Option<&'a str>,
}

impl<'a> EventRecord<'a> {
    pub fn of(event: &'a Event) -> Self {
        let text = |text: &'a Option<Untrusted>| text.as_ref().map(Untrusted::raw_for_api);
        let changes = event.changes.iter().map(|change| ChangeRecord {
            field: change.field.raw_for_api(),
            old: text(&change.old),
            new: text(&change.new),
        });
        let changes: Vec<_> = changes.collect();
        Self {
            at: time(event.at),
            kind: event.kind.raw_for_api(),
            word: history::word(event),
            key: text(&event.key),
            label: text(&event.label),
            admin: text(&event.admin),
            by: text(&event.by),
            from: text(&event.from),
            detail: text(&event.detail),
            count: event.count,
            times: event.count.to_string(),
            changed: changes.iter().map(ChangeRecord::in_words).collect::<Vec<_>>().join(", "),
            changes,
        }
    }

    /// The values as texts, as they came, for the history of one key; what is not there is empty.
    pub fn cells(&self) -> [&str; 6] {
        let text = |text: Option<&'a str>| text.unwrap_or_default();
        [&self.at, self.kind, text(self.by), text(self.from), text(self.detail), &self.times]
    }

    /// The same for the whole trail.
    pub fn trail_cells(&self) -> [&str; 10] {
        let [at, kind, by, from, detail, count] = self.cells();
        let text = |text: Option<&'a str>| text.unwrap_or_default();
        [at, kind, text(self.key), text(self.admin), by, from, detail, &self.changed, count, text(self.label)]
    }

    /// What happened, for people.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// What it is about: a key or an administrator.
    pub fn about(&self) -> &str {
        self.key.or(self.admin).unwrap_or_default()
    }

    /// What there is to say of it in a line: the changes name what was edited.
    pub fn said(&self) -> &str {
        if self.changed.is_empty() { self.detail.unwrap_or_default() } else { &self.changed }
    }

    /// How many refusals it stands for, if more than one.
    pub fn times(&self) -> &str {
        if self.count == 1 { "" } else { &self.times }
    }
}

impl ChangeRecord<'_> {
    fn in_words(&self) -> String {
        let Self { field, old, new } = self;
        match (old, new) {
            (Some(old), Some(new)) => format!("{field}: {old} -> {new}"),
            (None, Some(new)) => format!("{field}: {new}"),
            (Some(old), None) => format!("{field}: {old} -> none"),
            (None, None) => (*field).to_owned(),
        }
    }
}
