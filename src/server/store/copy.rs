//! A store as rows, which another engine takes: what `latchkey db copy` moves.
//!
//! Each engine sends and takes the same columns, whatever tables it has them in. What is computed from others (folded texts,
//! search indexes, counts, digests of secrets) is not copied, but computed anew.

use tokio::sync::mpsc;

use crate::domain::key::fields::written;
use crate::server::store::error::StoreError;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    pub(crate) fn number(self) -> Option<i64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    pub(crate) fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn bytes(self) -> Option<Vec<u8>> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// What a column holds, if not NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bytes,
}

/// Rows of one sort.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The first one gives the order.
    pub(crate) columns: Vec<(&'static str, Kind)>,
}

impl Table {
    /// Its columns, for SQL.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A key with its secret and its last use: no table of either engine.
pub(crate) const KEYS: &str = "keys";

const HANDOVERS: [(&str, Kind); 20] = [
    ("id", Kind::Text),
    ("lookup", Kind::Bytes),
    ("proof", Kind::Bytes),
    ("sealed", Kind::Bytes),
    ("key_id", Kind::Text),
    ("has_pin", Kind::Number),
    ("created_by", Kind::Text),
    ("created_at", Kind::Number),
    ("until", Kind::Number),
    ("tries", Kind::Number),
    ("opener", Kind::Bytes),
    ("by_address", Kind::Number),
    ("opened_at", Kind::Number),
    ("opened_from", Kind::Text),
    ("confirmed_at", Kind::Number),
    ("again_at", Kind::Number),
    ("again_from", Kind::Text),
    ("ended_at", Kind::Number),
    ("ended_from", Kind::Text),
    ("acknowledged_at", Kind::Number),
];

const WEBHOOK_MESSAGES: [(&str, Kind); 9] = [
    ("id", Kind::Text),
    ("kind", Kind::Text),
    ("key_id", Kind::Text),
    ("at", Kind::Number),
    ("body", Kind::Text),
    ("created_at", Kind::Number),
    ("next_at", Kind::Number),
    ("tries", Kind::Number),
    ("failed_at", Kind::Number),
];

/// All that is copied, in an order in which each finds what it refers to.
pub(crate) fn tables() -> Vec<Table> {
    use Kind::{Bytes, Number, Text};
    let mut keys = vec![("seq", Number), ("id", Text)];
    keys.extend(written().map(|(field, _)| (field.name, Text)));
    keys.extend([
        ("state", Number),
        ("switched_off", Number),
        ("reactivates_at", Number),
        ("created_at", Number),
        ("created_by", Text),
        ("expires_at", Number),
        ("generation", Number),
        ("revision", Number),
        ("secret", Bytes),
        ("last_used_at", Number),
        ("last_used_from", Text),
        ("replaces", Text),
        ("replaced_by", Text),
        ("rotates_until", Number),
        ("end_before", Number),
        ("late_use_at", Number),
        ("refused_at", Number),
        ("refused_from", Text),
    ]);
    let table = |name, columns: &[(&'static str, Kind)]| Table { name, columns: columns.to_vec() };
    vec![
        Table { name: KEYS, columns: keys },
        table(
            "events",
            &[
                ("seq", Number),
                ("key_id", Text),
                ("administrator", Text),
                ("at", Number),
                ("kind", Text),
                ("by", Text),
                ("source", Text),
                ("detail", Text),
                ("changes", Text),
                ("count", Number),
                ("slot", Text),
            ],
        ),
        table(
            "usage",
            &[
                ("key_id", Text),
                ("hour", Number),
                ("source", Text),
                ("uses", Number),
                ("refusals", Number),
                ("used_at", Number),
                ("refused_at", Number),
            ],
        ),
        table(
            "issued",
            &[("key_id", Text), ("generation", Number), ("minute", Number), ("tokens", Number), ("at", Number)],
        ),
        table(
            "creates",
            &[("username", Text), ("idempotency_key", Text), ("fingerprint", Bytes), ("key_id", Text), ("at", Number)],
        ),
        table("undelivered", &[("key_id", Text), ("username", Text), ("sealed", Bytes), ("until", Number)]),
        table("handovers", &HANDOVERS),
        table("webhook_messages", &WEBHOOK_MESSAGES),
        table(
            "administrators",
            &[
                ("username", Text),
                ("role", Text),
                ("password", Text),
                ("created_at", Number),
                ("last_sign_in_at", Number),
            ],
        ),
        table(
            "sessions",
            &[
                ("digest", Bytes),
                ("username", Text),
                ("created_at", Number),
                ("last_seen_at", Number),
                ("source", Text),
            ],
        ),
        table("familiar", &[("username", Text), ("network", Text), ("last_at", Number)]),
        table("signing_keys", &[("n", Number), ("id", Text), ("encrypted", Bytes), ("at", Number)]),
        table(
            "revocations",
            &[("n", Number), ("key_id", Text), ("generation", Number), ("not_after", Number), ("at", Number)],
        ),
    ]
}

/// What an empty store has rows of. They give way to those that are copied.
pub(crate) const FILLED: &str = "signing_keys";

/// Rows that are sent at once.
pub(crate) const AT_ONCE: usize = 5_000;

/// A part of a store that is sent.
pub(crate) enum Part {
    /// How many rows there are in all.
    Total(u64),
    /// Rows of the table at this place in [`tables`].
    Rows(usize, Vec<Vec<Value>>),
    /// That was all. Without it, the sender has failed.
    End,
}

/// Where parts go: a few at a time, so that memory does not grow.
pub(crate) type Parts = mpsc::Sender<Part>;

/// What the receiving side of a copy gets.
pub(crate) struct Copying {
    pub(crate) parts: mpsc::Receiver<Part>,
    pub(crate) opens: Opens,
    pub(crate) progress: Progress,
}

/// Whether the master key opens the secret of the key with this ID.
pub(crate) type Opens = Box<dyn Fn(&str, &[u8]) -> bool + Send + Sync>;

/// Told how many rows of how many are stored.
pub type Progress = Box<dyn FnMut(u64, u64) + Send>;

/// How many rows of each table were stored. At the end they are counted again.
#[derive(Default)]
pub(crate) struct Stored {
    total: u64,
    pub(crate) of_tables: Vec<u64>,
}

impl Stored {
    /// Notes how many rows there will be.
    pub(crate) fn expect(&mut self, total: u64) {
        self.total = total;
    }

    /// Notes rows that were stored, and gives how many of how many those are now.
    pub(crate) fn add(&mut self, table: usize, rows: usize) -> (u64, u64) {
        self.of_tables.resize(self.of_tables.len().max(table + 1), 0);
        self.of_tables[table] += rows as u64;
        (self.of_tables.iter().sum(), self.total)
    }

    /// Fails unless as many rows of each table are found as were stored, and in all as many as were sent.
    pub(crate) fn check(&self, found: &[u64]) -> Result<CopiedRows, StoreError> {
        let of = |table| self.of_tables.get(table).copied().unwrap_or(0);
        let all: u64 = found.iter().sum();
        if all != self.total || found.iter().enumerate().any(|(table, found)| *found != of(table)) {
            return Err(StoreError::Engine("the copy does not have as many rows as what was copied".into()));
        }
        let count = |name| tables().iter().position(|table| table.name == name).map_or(0, of);
        Ok(CopiedRows { keys: count(KEYS), administrators: count("administrators"), events: count("events") })
    }
}

/// The secrets that the master key does not open.
pub(crate) const UNREADABLE: &str = "the master key does not open every secret";

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedRows {
    pub keys: u64,
    pub administrators: u64,
    /// Before the one that says that it was copied.
    pub events: u64,
}
