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

/// Writes a key, and what happened to it if asked: as a field `events` in JSON; alone in CSV, which has one header.
pub async fn run(args: &ShowArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    let key = server.client.key(&args.id).await?;
    let events = if args.events { all_events(&args.id, server).await? } else { Vec::new() };
    output::print(|out| {
        if args.events { with_events(out, format, &key, &events) } else { super::write_key(out, format, &key) }
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

fn with_events(out: &mut Out, format: Format, key: &AccessKey, events: &[Event]) -> io::Result<()> {
    let records: Vec<EventRecord<'_>> = events.iter().map(EventRecord::of).collect();
    match format {
        Format::Json => {
            output::write_json(&mut *out, &WithEvents { key: KeyRecord::of(key), events: records })?;
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
            super::write_key(out, format, key)?;
            writeln!(out)?;
            let rows = records.iter().map(EventRecord::cells);
            let table = Table::fitted(TITLES, &[0, 1, 2, 3, 4], 4, output::width(), rows);
            table.head(out)?;
            records.iter().try_for_each(|record| table.row(out, &record.cells()))
        }
    }
}
