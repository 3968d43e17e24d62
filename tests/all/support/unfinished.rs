//! The journal of creates that were cut off, in a home.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde_json::{Value, json};

/// Its notes.
pub fn notes(home: &Path) -> Vec<PathBuf> {
    super::files::below(&home.join(".local/state/latchkey/unfinished"))
}

/// Writes the time of the only note anew.
pub fn date(home: &Path, at: DateTime<Utc>) {
    let note = &notes(home)[0];
    let mut told: Value = serde_json::from_slice(&fs::read(note).unwrap()).unwrap();
    told["at"] = json!(at);
    fs::write(note, told.to_string()).unwrap();
}

/// Lets ten minutes pass, for the only note and the server.
pub fn pass_ten_minutes(home: &Path) {
    date(home, Utc::now() - TimeDelta::minutes(10));
    database(home).execute("UPDATE undelivered SET until = 0", []).unwrap();
}

/// How many sealed secrets the server keeps.
pub fn undelivered(home: &Path) -> i64 {
    database(home).query_row("SELECT count(*) FROM undelivered", [], |row| row.get(0)).unwrap()
}

fn database(home: &Path) -> Connection {
    Connection::open(home.join(".local/share/latchkey/keys.db")).unwrap()
}
