//! `latchkey keys show`.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::args::ShowArgs;
use crate::cli::output;
use crate::cli::output::{EventRecord, KeyRecord, Out, Table};
use crate::client::{ApiError, Connection, Event, TrailPage};
use crate::domain::{AccessKey, KeyId};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

/// Events a page: the contract's most.
const PAGE: usize = 1000;
const NAMES: [&str; 6] = ["at", "kind", "by", "from", "detail", "count"];
const TITLES: [&str; 6] = ["AT", "WHAT", "BY", "FROM", "DETAIL", "COUNT"];

/// What is shown of a key that was deleted: its history outlives it.
#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    status: &'static str,
}

/// Writes a key, and what happened to it if asked: as a field `events` in JSON; alone in CSV, which has one header.
pub async fn run(args: &ShowArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    if !args.events {
        let key = server.client.key(&args.id).await?;
        return output::print(|out| super::write_key(out, format, &key));
    }
    let key = match server.client.key(&args.id).await {
        Err(ApiError::NotFound(_)) => None,
        key => Some(key?),
    };
    let TrailPage { mut events, next_cursor: mut next, .. } = server.client.history(&args.id, PAGE, None).await?;
    let (mut out, mut history) = (output::stdout(), HistoryWriter { format, table: None, rows: 0 });
    let mut written = history.begin(&mut out, &args.id, key.as_ref());
    loop {
        // Each page is flushed: a reader has it while the next one is fetched.
        output::done(written.and_then(|()| history.page(&mut out, &events)), &mut out)?;
        let Some(place) = next else { break };
        TrailPage { events, next_cursor: next, .. } = server.client.history(&args.id, PAGE, Some(&place)).await?;
        written = Ok(());
    }
    output::done(history.end(&mut out), &mut out)?;
    Ok(Exit::Done)
}

/// An event for people.
fn row<'a>(record: &'a EventRecord<'_>) -> [&'a str; 6] {
    let [at, _, by, from, _, count] = record.cells();
    [at, record.word(), by, from, record.said(), count]
}

/// What has been written so far.
struct HistoryWriter {
    format: Format,
    /// The columns, as the first page needs them.
    table: Option<Table>,
    rows: u64,
}

impl HistoryWriter {
    /// The key, if it is not deleted.
    fn begin(&self, out: &mut Out, id: &KeyId, key: Option<&AccessKey>) -> io::Result<()> {
        match (self.format, key) {
            (Format::Json, key) => {
                let mut object = Vec::new();
                match key {
                    Some(key) => output::write_json(&mut object, &KeyRecord::of(key))?,
                    None => output::write_json(&mut object, &Deleted { id: id.raw_for_api(), status: "deleted" })?,
                }
                object.pop(); // its brace: the events are its last field
                out.write_all(&object)?;
                out.write_all(b",\"events\":[")
            }
            (Format::Csv | Format::Tsv, _) => {
                let mut rows = output::Rows::new(out, self.format);
                rows.row(NAMES)?;
                rows.end()
            }
            (Format::Table, Some(key)) => {
                super::write_key(out, self.format, key)?;
                writeln!(out)
            }
            (Format::Table, None) => writeln!(out, "{} is deleted.\n", id.to_display(KeyId::MAX_CHARS)),
        }
    }

    fn page(&mut self, out: &mut Out, events: &[Event]) -> io::Result<()> {
        let records = events.iter().map(EventRecord::of);
        match self.format {
            Format::Json => {
                for record in records {
                    if self.rows > 0 {
                        out.write_all(b",")?;
                    }
                    output::write_json(&mut *out, &record)?;
                    self.rows += 1;
                }
                Ok(())
            }
            Format::Csv | Format::Tsv => {
                let mut rows = output::Rows::new(out, self.format);
                for record in records {
                    rows.row(record.cells().map(output::cell))?;
                }
                rows.end()
            }
            Format::Table => self.columns(out, &records.collect::<Vec<_>>()),
        }
    }

    fn columns(&mut self, out: &mut Out, records: &[EventRecord<'_>]) -> io::Result<()> {
        if self.table.is_none() {
            let rows = records.iter().map(row);
            let table = Table::fitted(TITLES, &[0, 1, 3, 4, 2, 5], 4, output::width(), rows);
            table.head(out)?;
            self.table = Some(table);
        }
        let Some(table) = &self.table else { return Ok(()) };
        records.iter().try_for_each(|record| table.row(out, &row(record)))
    }

    fn end(&self, out: &mut Out) -> io::Result<()> {
        match self.format {
            Format::Json => out.write_all(b"]}\n"),
            Format::Table | Format::Csv | Format::Tsv => Ok(()),
        }
    }
}
