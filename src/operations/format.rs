//! The form of a result.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::ValueEnum;

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns
    #[default]
    Table,
    /// JSON; errors on standard error are JSON too
    Json,
    /// CSV with a header row
    Csv,
}

/// RFC 3339 in UTC, whole seconds.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
