//! `latchkey keys show`.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::args::ShowArgs;
use crate::cli::output;
use crate::cli::output::{EventRecord, KeyRecord, Out, Table};
use crate::client::{ApiError, Connection, Event};
use crate::domain::{AccessKey, KeyId};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

const NAMES: [&str; 5] = ["at", "kind", "by", "from", "detail"];
const TITLES: [&str; 5] = ["AT", "WHAT", "BY", "FROM", "DETAIL"];

/// A key with its history: the fields of a key, and one more.
#[derive(Serialize)]
struct WithEvents<'a> {
    #[serde(flatten)]
    key: KeyRecord<'a>,
    events: Vec<EventRecord<'a>>,
}

/// The history of a key that was deleted: it outlives the key.
#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    status: &'static str,
    events: Vec<EventRecord<'a>>,
}

/// Writes a key, and what happened to it if asked: as a field `events` in JSON; alone in CSV, which has one header.
pub async fn run(args: &ShowArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    let key = match server.client.key(&args.id).await {
        Err(ApiError::NotFound(_)) if args.events => None,
        key => Some(key?),
    };
    let events = if args.events { all_events(&args.id, server).await? } else { Vec::new() };
    output::print(|out| match &key {
        Some(key) if !args.events => super::write_key(out, format, key),
        key => with_events(out, format, &args.id, key.as_ref(), &events),
    })
}

async fn all_events(id: &KeyId, server: &Connection) -> Result<Vec<Event>, ApiError> {
    let (mut events, mut cursor) = server.client.events(id, None).await?;
    while let Some(place) = cursor {
        let (page, next) = server.client.events(id, Some(&place)).await?;
        events.extend(page);
        cursor = next;
    }
    Ok(events)
}

/// The key, if it is not deleted, and its history.
fn with_events(out: &mut Out, format: Format, id: &KeyId, key: Option<&AccessKey>, events: &[Event]) -> io::Result<()> {
    let records: Vec<EventRecord<'_>> = events.iter().map(EventRecord::of).collect();
    match format {
        Format::Json => {
            if let Some(key) = key {
                output::write_json(&mut *out, &WithEvents { key: KeyRecord::of(key), events: records })?;
            } else {
                let deleted = Deleted { id: id.raw_for_api(), status: "deleted", events: records };
                output::write_json(&mut *out, &deleted)?;
            }
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = output::Rows::new(out, format);
            rows.row(NAMES)?;
            for record in &records {
                rows.row(record.cells().map(output::cell))?;
            }
            rows.end()
        }
        Format::Table => {
            match key {
                Some(key) => super::write_key(out, format, key)?,
                None => writeln!(out, "{} is deleted.", id.to_display(KeyId::MAX_CHARS))?,
            }
            writeln!(out)?;
            let rows = records.iter().map(EventRecord::cells);
            let table = Table::fitted(TITLES, &[0, 1, 2, 3, 4], 4, output::width(), rows);
            table.head(out)?;
            records.iter().try_for_each(|record| table.row(out, &record.cells()))
        }
    }
}
