//! `latchkey keys list`: page by page, in memory that does not grow.

use std::io;
use std::io::Write;

use crate::cli::args::ListArgs;
use crate::cli::output;
use crate::cli::output::{KeyRecord, Out, Table};
use crate::client::{Connection, Cursor, ListRequest, Page};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, KeyField};
use crate::domain::{Filter, KeyQuery, sentence};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::list::nothing_found;

/// Keys a page: the contract's most. 250 kB of JSON.
const PAGE: usize = 1000;

/// Writes all keys that match.
pub async fn run(args: &ListArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    let filter = Filter { text: args.search.clone(), status: args.status };
    let order = args.order.unwrap_or_else(|| args.sort.natural_order());
    let mut request =
        ListRequest { query: KeyQuery { sort: args.sort, order, filter }, place: Cursor::Start, counted: false };
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut listing = ListWriter { format, table: None, rows: 0 };
    let mut out = output::stdout();
    loop {
        let limit = usize::try_from(left).unwrap_or(PAGE).min(PAGE);
        let page = server.client.page(&request, limit).await?;
        left -= left.min(page.keys.len() as u64);
        // Each page is flushed: a reader has it while the next one is fetched.
        let written = listing.page(&mut out, &page);
        output::done(written, &mut out)?;
        match page.after {
            Some(cursor) if left > 0 && !page.keys.is_empty() => request.place = Cursor::After(cursor),
            _ => break,
        }
    }
    let written = listing.end(&mut out);
    output::done(written, &mut out)?;
    if listing.rows == 0 && format == Format::Table && output::is_terminal() {
        let _ = writeln!(io::stderr(), "{}", sentence(&nothing_found(&request.query.filter)));
    }
    Ok(Exit::Done)
}

/// The column that is cut on a terminal: the one that takes the rest on the page.
fn gives_way() -> usize {
    FIELDS.iter().position(|field| matches!(field.column, Some((_, ColumnWidth::Rest)))).unwrap_or(0)
}

/// What has been written so far.
struct ListWriter {
    format: Format,
    /// The columns, as the first page needs them.
    table: Option<Table>,
    rows: u64,
}

impl ListWriter {
    fn page(&mut self, out: &mut Out, page: &Page) -> io::Result<()> {
        let records = page.keys.iter().map(KeyRecord::of);
        match self.format {
            Format::Json => {
                for record in records {
                    out.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                    output::write_json(&mut *out, &record)?;
                    self.rows += 1;
                }
                Ok(())
            }
            Format::Csv | Format::Tsv => {
                let mut rows = output::Rows::new(&mut *out, self.format);
                if self.rows == 0 {
                    rows.row(KeyRecord::names())?;
                }
                for record in records {
                    rows.row(record.cells().map(output::cell))?;
                    self.rows += 1;
                }
                rows.end()
            }
            Format::Table => self.columns(out, &records.collect::<Vec<_>>()),
        }
    }

    /// For people, so that nothing is said by nothing.
    fn columns(&mut self, out: &mut Out, records: &[KeyRecord<'_>]) -> io::Result<()> {
        if self.table.is_none() {
            let rows = records.iter().map(KeyRecord::cells_in_words);
            let table = Table::fitted(
                FIELDS.each_ref().map(KeyField::heading),
                &fields::by_rank(),
                gives_way(),
                output::width(),
                rows,
            );
            table.head(out)?;
            self.table = Some(table);
        }
        self.rows += records.len() as u64;
        let Some(table) = &self.table else { return Ok(()) };
        records.iter().try_for_each(|record| table.row(out, &record.cells_in_words()))
    }

    fn end(&self, out: &mut Out) -> io::Result<()> {
        match self.format {
            Format::Json => out.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" }),
            Format::Table | Format::Csv | Format::Tsv => Ok(()),
        }
    }
}
