//! `latchkey keys usage`.

use serde::Serialize;

use crate::cli::args::UsageArgs;
use crate::cli::output;
use crate::cli::output::Rows;
use crate::client::Connection;
use crate::domain::{AddressUsage, Dates, KeyUsage, UsageCount};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, time};
use crate::operations::keys::activity::usage;

/// How a key was used, as `--output json` shows it: names and forms as in the HTTP contract.
#[derive(Serialize)]
struct UsageRecord<'a> {
    id: &'a str,
    since: String,
    span: &'static str,
    uses: u64,
    refusals: u64,
    counts: Vec<CountRecord>,
    addresses: Vec<AddressRecord<'a>>,
    address_count: u64,
    more_addresses: bool,
    tokens: u64,
    tokens_until: Option<String>,
}

#[derive(Serialize)]
struct CountRecord {
    at: String,
    uses: u64,
    refusals: u64,
}

#[derive(Serialize)]
struct AddressRecord<'a> {
    address: &'a str,
    uses: u64,
    refusals: u64,
    last_used_at: Option<String>,
    last_refused_at: Option<String>,
}

/// The title of the uses over time.
const BY_TIME: &str = "By time";

/// Writes how a key was used.
pub(super) async fn run(args: &UsageArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    let found = server.client.usage(&args.id, args.days).await?;
    let record = UsageRecord::of(args.id.raw_for_api(), &found);
    output::print(|out| match format {
        Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(out, format);
            rows.row(["at", "uses", "refusals"])?;
            for CountRecord { at, uses, refusals } in &record.counts {
                rows.row([at.as_str(), &uses.to_string(), &refusals.to_string()])?;
            }
            rows.end()
        }
        Format::Table | Format::Json => {
            let facts = usage::facts(&found, Dates::Utc);
            // On a terminal it has what the titles leave.
            let titles = facts.iter().map(|(title, _)| title.len()).chain([BY_TIME.len()]).max().unwrap_or(0) + 2;
            let strip = usage::by_time(&found, output::width().map(|width| width.saturating_sub(titles)));
            let mut fields = vec![("Since", record.since.as_str()), (BY_TIME, strip.as_str())];
            fields.extend(facts.iter().map(|(title, text)| (*title, text.as_str())));
            output::write_fields(out, format, &record, &fields)
        }
    })
}

impl<'a> UsageRecord<'a> {
    fn of(id: &'a str, usage: &'a KeyUsage) -> Self {
        Self {
            id,
            since: time(usage.since),
            span: usage.span.as_str(),
            uses: usage.uses(),
            refusals: usage.refusals(),
            counts: usage.counts.iter().map(CountRecord::of).collect(),
            addresses: usage.addresses.iter().map(AddressRecord::of).collect(),
            address_count: usage.address_count,
            more_addresses: usage.has_more_addresses,
            tokens: usage.tokens,
            tokens_until: usage.tokens_until.map(time),
        }
    }
}

impl CountRecord {
    fn of(count: &UsageCount) -> Self {
        Self { at: time(count.at), uses: count.uses, refusals: count.refusals }
    }
}

impl<'a> AddressRecord<'a> {
    fn of(one: &'a AddressUsage) -> Self {
        Self {
            address: one.address.raw_for_api(),
            uses: one.uses,
            refusals: one.refusals,
            last_used_at: one.used_at.map(time),
            last_refused_at: one.refused_at.map(time),
        }
    }
}
