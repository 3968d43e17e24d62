//! `latchkey keys list`: page by page, each key once.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::io::Write;

use crate::cli::args::ListArgs;
use crate::cli::output;
use crate::cli::output::{KeyRecord, Out, Table};
use crate::client::{Connection, Cursor, ListRequest, Page};
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, KeyField};
use crate::domain::{Filter, KeyId, KeyQuery, Order, Sort, View, sentence};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::list::nothing_found;
use crate::operations::views;

/// Keys a page: the contract's most. 250 kB of JSON.
const PAGE: usize = 1000;

/// Writes all keys that match.
pub async fn run(args: &ListArgs, own: &[View], server: &Connection, format: Format) -> Result<Exit, Failure> {
    let all = views::offered(Some(&server.server), own);
    let view = args.view.as_deref().map(|name| views::named(&all, name)).transpose();
    let view = view.map_err(|why| Failure::usage(format!("--view: {why}.")))?;
    let searches = [view.map_or("", |view| view.search.as_str()), &args.search];
    let filter = Filter { text: searches.join(" ").trim().to_owned(), status: args.status };
    let order = args.order.unwrap_or_else(|| args.sort.natural_order());
    let mut query = KeyQuery { sort: args.sort, order, filter };
    let mut walk = Walk {
        server,
        left: args.limit.unwrap_or(u64::MAX),
        written: (!query.sort.is_fixed()).then(Written::default),
        listing: ListWriter { format, table: None, rows: 0 },
        out: output::stdout(),
        export: exported(format),
    };
    let pages = walk.pages(&query).await?;
    if walk.written.is_some() && pages > 1 && walk.left > 0 {
        // A key that was used or renamed meanwhile may have moved to a page that had been read.
        (query.sort, query.order) = (Sort::Id, Order::Asc);
        walk.pages(&query).await?;
    }
    let written = walk.listing.end(&mut walk.out);
    output::done(written, &mut walk.out)?;
    if walk.listing.rows == 0 && format == Format::Table && output::is_terminal() {
        let _ = writeln!(io::stderr(), "{}", sentence(&nothing_found(&query.filter)));
    }
    Ok(Exit::Done)
}

/// The word for a list that another program will read; a person only looks.
const fn exported(format: Format) -> Option<&'static str> {
    match format {
        Format::Json => Some("json"),
        Format::Csv => Some("csv"),
        Format::Tsv => Some("tsv"),
        Format::Table => None,
    }
}

/// A walk over all pages of a list. Each key is written once, wherever it moves meanwhile.
struct Walk<'a> {
    server: &'a Connection,
    /// How many keys may still be written.
    left: u64,
    /// Which keys have been, where keys can move.
    written: Option<Written>,
    listing: ListWriter,
    out: Out,
    /// What the trail is told, once.
    export: Option<&'static str>,
}

impl Walk<'_> {
    /// Writes the keys that have not been written; gives how many pages there were.
    async fn pages(&mut self, query: &KeyQuery) -> Result<u64, Failure> {
        let export = self.export.take();
        let mut request = ListRequest { query: query.clone(), place: Cursor::Start, counted: false, export };
        let mut pages = 0;
        loop {
            let limit = usize::try_from(self.left).unwrap_or(PAGE).min(PAGE);
            let mut page = self.server.client.page(&request, limit).await?;
            pages += 1;
            if let Some(written) = &mut self.written {
                page.keys.retain(|key| written.is_new(&key.id));
            }
            self.left -= self.left.min(page.keys.len() as u64);
            // Each page is flushed: a reader has it while the next one is fetched.
            let written = self.listing.page(&mut self.out, &page);
            output::done(written, &mut self.out)?;
            match page.after {
                Some(cursor) if self.left > 0 => {
                    request = ListRequest { place: Cursor::After(cursor), export: None, ..request };
                }
                _ => return Ok(pages),
            }
        }
    }
}

/// Keys that have been written, by fingerprints of 64 bits: 16 MB for a million.
#[derive(Default)]
struct Written {
    fingerprints: HashSet<u64>,
    /// Seeded, so that a server cannot choose two IDs with one fingerprint.
    hasher: RandomState,
}

impl Written {
    fn is_new(&mut self, id: &KeyId) -> bool {
        self.fingerprints.insert(self.hasher.hash_one(id.raw_for_api()))
    }
}

/// The column that is cut on a terminal: the one that takes the rest on the page.
fn gives_way() -> usize {
    FIELDS.iter().position(|field| matches!(field.column.width, ColumnWidth::Rest)).unwrap_or(0)
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
