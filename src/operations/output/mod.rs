//! Keys and events as text: for programs, for spreadsheets, and in columns for people.

mod csv;
mod form;
mod json;
mod list;
mod record;
mod table;
mod walk;

pub use csv::Rows;
pub use form::{ExportForm, ListForm};
pub use json::to_writer as write_json;
pub use list::KeyList;
pub use record::{EventRecord, KeyRecord};
pub use table::Table;
pub use walk::ListWalk;

use crate::domain::Untrusted;

/// A text on one line, whole, with what cannot be seen made visible.
pub fn one_line(text: &str) -> String {
    Untrusted::new(text).to_display(usize::MAX)
}
