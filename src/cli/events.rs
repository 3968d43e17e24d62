//! `latchkey events`: the trail.

use std::io;
use std::time::Duration;

use super::args::EventsArgs;
use super::connect;
use super::output;
use super::output::{EventRecord, Out, Rows, Table, cell};
use crate::client::{ApiError, Connection, Event, TrailFilter};
use crate::domain::Order;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::prompts::prompter::warn;

/// Events a page: the contract's most.
const PAGE: u64 = 1000;
/// How many events a follower sees first.
const BEFORE: u64 = 10;
/// How often a follower asks for new events.
const ASKED_EVERY: Duration = Duration::from_secs(2);
/// How long it waits at most when the server can't be reached.
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// Writes events, and those that come if asked.
pub(crate) async fn run(args: EventsArgs, settings: &Context) -> Result<Exit, Failure> {
    let EventsArgs { key, by, admin, kind, since, limit, follow } = args;
    let filter = TrailFilter { key, admin, by, kinds: kind, since };
    let access = connect(settings).await?;
    let mut trail = TrailWriter { format: settings.format, table: None, has_head: false, out: output::stdout() };
    access
        .work(async |server| {
            if follow {
                trail.follow(server, &filter, limit.unwrap_or(BEFORE)).await
            } else {
                trail.newest(server, &filter, limit.unwrap_or(u64::MAX)).await
            }
        })
        .await
}

/// What has been written so far.
struct TrailWriter {
    format: Format,
    /// The columns, as the first page needs them.
    table: Option<Table>,
    has_head: bool,
    out: Out,
}

const NAMES: [&str; 10] = ["at", "kind", "key", "admin", "by", "from", "detail", "changes", "count", "label"];
const TITLES: [&str; 8] = ["AT", "WHAT", "OF", "LABEL", "BY", "FROM", "DETAIL", "COUNT"];

impl TrailWriter {
    /// Page by page, newest first.
    async fn newest(&mut self, server: &Connection, filter: &TrailFilter, most: u64) -> Result<Exit, Failure> {
        let (mut left, mut cursor) = (most, None);
        loop {
            let page = server.client.trail(filter, Order::Desc, limit(left), cursor.as_deref()).await?;
            let fits = usize::try_from(left).unwrap_or(usize::MAX).min(page.events.len());
            left -= fits as u64;
            self.page(page.events.iter().take(fits))?;
            match page.next_cursor {
                Some(next) if left > 0 => cursor = Some(next),
                _ => return Ok(Exit::Done),
            }
        }
    }

    /// The last ones, oldest first, and then those that come. Ends with the session, or when standard output is closed.
    async fn follow(&mut self, server: &Connection, filter: &TrailFilter, before: u64) -> Result<Exit, Failure> {
        let first = server.client.trail(filter, Order::Desc, limit(before.max(1)), None).await?;
        let shown = usize::try_from(before).unwrap_or(usize::MAX).min(first.events.len());
        self.page(first.events.iter().take(shown).rev())?;
        let (mut cursor, mut pause, mut is_away) = (first.newest_cursor, ASKED_EVERY, false);
        loop {
            tokio::time::sleep(pause).await;
            match server.client.trail(filter, Order::Asc, limit(PAGE), cursor.as_deref()).await {
                Ok(page) => {
                    self.page(page.events.iter())?;
                    // More may have come than a page holds.
                    pause = if page.next_cursor.is_some() { Duration::ZERO } else { ASKED_EVERY };
                    cursor = page.newest_cursor.or(cursor);
                    is_away = false;
                }
                Err(error) if error.is_passing() || matches!(error, ApiError::TooMany { .. }) => {
                    if !is_away {
                        warn(format!("{error} Still trying."));
                    }
                    is_away = true;
                    pause = (pause.max(ASKED_EVERY) * 2).min(MOST_PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Each page is flushed: a reader has it while the next one is fetched.
    fn page<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> Result<(), Failure> {
        let records: Vec<_> = events.map(EventRecord::of).collect();
        let written = self.write(&records);
        output::done(written, &mut self.out)
    }

    fn write(&mut self, records: &[EventRecord<'_>]) -> io::Result<()> {
        match self.format {
            Format::Json => records.iter().try_for_each(|record| {
                output::write_json(&mut self.out, record)?;
                io::Write::write_all(&mut self.out, b"\n")
            }),
            Format::Csv | Format::Tsv => {
                let mut rows = Rows::new(&mut self.out, self.format);
                if !std::mem::replace(&mut self.has_head, true) {
                    rows.row(NAMES)?;
                }
                records.iter().try_for_each(|record| rows.row(record.trail_cells().map(cell)))?;
                rows.end()
            }
            Format::Table => {
                let table = self.table.get_or_insert_with(|| {
                    Table::fitted(TITLES, &[0, 1, 2, 4, 6, 3, 5, 7], 6, output::width(), records.iter().map(row))
                });
                if !std::mem::replace(&mut self.has_head, true) {
                    table.head(&mut self.out)?;
                }
                records.iter().try_for_each(|record| table.row(&mut self.out, &row(record)))
            }
        }
    }
}

/// An event for people.
fn row<'a>(record: &'a EventRecord<'_>) -> [&'a str; 8] {
    let [at, _, by, from, ..] = record.cells();
    [at, record.word(), record.about(), record.label.unwrap_or_default(), by, from, record.said(), record.times()]
}

fn limit(left: u64) -> usize {
    usize::try_from(left.min(PAGE)).unwrap_or(1).max(1)
}
