//! Keys and events as records. Their JSON is a promise to scripts: fields are added, never renamed or removed.

use serde::Serialize;

use crate::client::Event;
use crate::domain::{AccessKey, Untrusted};
use crate::operations::format::time;

/// An access key, as `--output json` shows it everywhere. The same names and forms as in the HTTP contract.
#[derive(Serialize)]
pub struct KeyRecord<'a> {
    /// The access key ID.
    pub id: &'a str,
    /// Exactly as the server has it; may be empty.
    pub label: &'a str,
    /// `active`, `inactive` or `expired`.
    pub status: &'static str,
    /// RFC 3339 in UTC, like every time here.
    pub created_at: String,
    /// The administrator's name.
    pub created_by: &'a str,
    /// `null`: never.
    pub expires_at: Option<String>,
    /// `null`: never.
    pub last_used_at: Option<String>,
    /// An address; `null` if never used.
    pub last_used_from: Option<&'a str>,
}

impl<'a> KeyRecord<'a> {
    /// The names of the fields, in the order of [`cells`](Self::cells).
    pub const NAMES: [&'static str; 8] =
        ["id", "label", "status", "created_at", "created_by", "expires_at", "last_used_at", "last_used_from"];

    /// The record of a key.
    #[must_use]
    pub fn of(key: &'a AccessKey) -> Self {
        Self {
            id: key.id.raw_for_api(),
            label: key.label.raw_for_api(),
            status: key.status.as_str(),
            created_at: time(key.created_at),
            created_by: key.created_by.raw_for_api(),
            expires_at: key.expires_at.map(time),
            last_used_at: key.last_used_at.map(time),
            last_used_from: key.last_used_from.as_ref().map(Untrusted::raw_for_api),
        }
    }

    /// The values as texts, as they came; what is not there is empty.
    #[must_use]
    pub fn cells(&self) -> [&str; 8] {
        [
            self.id,
            self.label,
            self.status,
            &self.created_at,
            self.created_by,
            self.expires_at.as_deref().unwrap_or_default(),
            self.last_used_at.as_deref().unwrap_or_default(),
            self.last_used_from.unwrap_or_default(),
        ]
    }

    /// The same for people: a time that is not there is "never".
    #[must_use]
    pub fn cells_in_words(&self) -> [&str; 8] {
        let mut cells = self.cells();
        for time in [5, 6] {
            cells[time] = if cells[time].is_empty() { "never" } else { cells[time] };
        }
        cells
    }

    /// The values with the names that people read, as they came.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("Access key ID", self.id),
            ("Label", self.label),
            ("Status", self.status),
            ("Created", &self.created_at),
            ("Created by", self.created_by),
            ("Expires", self.expires_at.as_deref().unwrap_or("never")),
            ("Last used", self.last_used_at.as_deref().unwrap_or("never")),
            ("Last used from", self.last_used_from.unwrap_or_default()),
        ]
    }
}

/// One line of a key's history, as `--output json` shows it.
#[derive(Serialize)]
pub struct EventRecord<'a> {
    /// When.
    pub at: String,
    /// `created`, `edited`, `used`, `refused`, `deleted`.
    pub kind: &'a str,
    /// The administrator; `null` if none did it.
    pub by: Option<&'a str>,
    /// The address.
    pub from: Option<&'a str>,
    /// What was edited, or why it was refused.
    pub detail: Option<&'a str>,
}

impl<'a> EventRecord<'a> {
    /// The record of an event.
    #[must_use]
    pub fn of(event: &'a Event) -> Self {
        let text = |text: &'a Option<Untrusted>| text.as_ref().map(Untrusted::raw_for_api);
        Self {
            at: time(event.at),
            kind: event.kind.raw_for_api(),
            by: text(&event.by),
            from: text(&event.from),
            detail: text(&event.detail),
        }
    }

    /// The values as texts, as they came; what is not there is empty.
    #[must_use]
    pub fn cells(&self) -> [&str; 5] {
        let text = |text: Option<&'a str>| text.unwrap_or_default();
        [&self.at, self.kind, text(self.by), text(self.from), text(self.detail)]
    }
}
