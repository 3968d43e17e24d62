//! `latchkey keys list`: page by page, in memory that does not grow.

use std::io;
use std::io::Write;

use crate::cli::args::ListArgs;
use crate::cli::output;
use crate::cli::output::{KeyRecord, Out, Table};
use crate::client::{Cursor, ListRequest, Page};
use crate::domain::{Filter, KeyQuery};
use crate::operations::connect::Connection;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

/// Keys a page: the contract's most. 250 kB of JSON.
const PAGE: usize = 1000;
const TITLES: [&str; 8] = ["ACCESS KEY ID", "LABEL", "STATUS", "CREATED", "BY", "EXPIRES", "LAST USED", "FROM"];
/// Which columns stay on a narrow terminal: ID, label, status, last use, end; then the others.
const ORDER: [usize; 8] = [0, 1, 2, 6, 5, 3, 4, 7];
/// The column that is cut on a terminal: the label.
const GIVES_WAY: usize = 1;

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
        let all = request.query.filter.is_empty();
        let _ =
            writeln!(io::stderr(), "{}", if all { "There is no access key yet." } else { "No access key matches." });
    }
    Ok(Exit::Done)
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
            Format::Csv => {
                let mut csv = output::Rows::new(&mut *out);
                if self.rows == 0 {
                    csv.row(KeyRecord::NAMES)?;
                }
                for record in records {
                    csv.row(record.cells().map(output::csv_cell))?;
                    self.rows += 1;
                }
                csv.end()
            }
            Format::Table => self.columns(out, &records.collect::<Vec<_>>()),
        }
    }

    /// For people, so that nothing is said by nothing.
    fn columns(&mut self, out: &mut Out, records: &[KeyRecord<'_>]) -> io::Result<()> {
        if self.table.is_none() {
            let rows = records.iter().map(KeyRecord::cells_in_words);
            let table = Table::fitted(TITLES, &ORDER, GIVES_WAY, output::width(), rows);
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
            Format::Table | Format::Csv => Ok(()),
        }
    }
}
