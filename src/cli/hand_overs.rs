//! `latchkey hand-overs`.

use std::io;
use std::io::Write;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::args::HandOversCommand;
use super::output::{Rows, Table, cell, time};
use super::prompts::Prompts;
use super::{connect, connect_to_change, output};
use crate::client::{ApiError, Connection, Handover, HandoverEnd};
use crate::domain::Untrusted;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::handover::ended;
use crate::server::StoreAccess;

/// Does what was asked.
pub(super) async fn run(command: HandOversCommand, settings: &Context) -> Result<Exit, Failure> {
    let (ids, how) = match command {
        HandOversCommand::List => {
            let all = connect(settings).await?.work(async |server| Ok(server.client.handovers().await?)).await?;
            return output::print(|out| write(out, &all, settings.format));
        }
        HandOversCommand::TakeBack { ids } => (ids, HandoverEnd::TakeBack),
        HandOversCommand::Acknowledge { ids } => (ids, HandoverEnd::Acknowledge(None)),
    };
    let access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    access.work(async |server| settle(&ids, how, server).await).await
}

/// Settles each in turn; what can't be settled is said, and the others still are.
async fn settle(ids: &[String], how: HandoverEnd, server: &Connection) -> Result<Exit, Failure> {
    let (mut why, mut worst) = (Vec::new(), Exit::Done);
    for id in ids {
        let said = Untrusted::new(id);
        match server.client.settle_handover(&said, how).await {
            Ok(()) => {
                output::say(&format!("{id}: {}", ended(how)))?;
            }
            Err(error @ (ApiError::NotFound(_) | ApiError::Refused(..))) => {
                let (words, exit) = match error {
                    ApiError::NotFound(_) => ("There is no such hand-over.", Exit::NotFound),
                    _ => ("It was opened already, or has ended.", Exit::Conflict),
                };
                why.push(format!("{}: {words}", said.to_display(100)));
                worst = worst.max(exit);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if why.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(worst, why.join(" ")).next("List them with: latchkey hand-overs list"))
}

/// The names of the fields in JSON and CSV.
const NAMES: [&str; 17] = [
    "id",
    "key_id",
    "label",
    "state",
    "has_pin",
    "created_by",
    "created_at",
    "until",
    "opened_at",
    "opened_from",
    "confirmed_at",
    "opened_again_at",
    "opened_again_from",
    "wrong_tries",
    "ended_at",
    "ended_from",
    "acknowledged_at",
];
const STATE: usize = 3;
const OPENED_AGAIN: usize = 11;
/// Those that a program takes for something else than a text.
const HAS_PIN: &str = "has_pin";
const WRONG_TRIES: &str = "wrong_tries";
/// In a table, an alarm that no administrator has acknowledged counts more than what became of the secret.
const ALARM: &str = "opened again";
/// Those that people need most come first; what happens later is further right.
const BY_RANK: [usize; 17] = [0, 2, 3, 1, 7, 8, 9, 11, 12, 13, 10, 5, 6, 14, 15, 16, 4];

/// The values of a hand-over; none where there is none.
type Values = [Option<String>; 17];

/// A hand-over in JSON.
struct Record<'a>(&'a Values);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(NAMES.len()))?;
        for (name, value) in NAMES.iter().zip(self.0) {
            match *name {
                HAS_PIN => map.serialize_entry(name, &(value.as_deref() == Some("true")))?,
                WRONG_TRIES => {
                    map.serialize_entry(name, &value.as_deref().and_then(|times| times.parse::<u32>().ok()))?;
                }
                name => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

fn values(one: &Handover) -> Values {
    let text = |text: &Untrusted| Some(text.raw_for_api().to_owned());
    let from = |from: &Option<Untrusted>| from.as_ref().and_then(text);
    [
        text(&one.id),
        text(&one.key_id),
        text(&one.label),
        text(&one.state),
        Some(one.has_pin.to_string()),
        text(&one.created_by),
        Some(time(one.created_at)),
        Some(time(one.until)),
        one.opened_at.map(time),
        from(&one.opened_from),
        one.confirmed_at.map(time),
        one.opened_again_at.map(time),
        from(&one.opened_again_from),
        one.wrong_tries.map(|times| times.to_string()),
        one.ended_at.map(time),
        from(&one.ended_from),
        one.acknowledged_at.map(time),
    ]
}

fn write(out: &mut impl Write, all: &[Handover], format: Format) -> io::Result<()> {
    let all: Vec<_> = all.iter().map(values).collect();
    let cells = |values: &Values| values.each_ref().map(|value| value.clone().unwrap_or_default());
    match format {
        Format::Json => {
            output::write_json(&mut *out, &all.iter().map(Record).collect::<Vec<_>>())?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(out, format);
            rows.row(NAMES)?;
            for values in &all {
                rows.row(cells(values).map(|text| cell(&text)))?;
            }
            rows.end()
        }
        Format::Table => {
            let mut all: Vec<_> = all.iter().map(cells).collect();
            for cells in &mut all {
                let is_alarm = !cells[OPENED_AGAIN].is_empty();
                cells[STATE] = if is_alarm { ALARM.to_owned() } else { cells[STATE].replace('_', " ") };
            }
            let titles = NAMES.map(|name| name.to_uppercase().replace('_', " "));
            let rows = all.iter().map(|cells| cells.each_ref().map(String::as_str));
            let table = Table::fitted(titles, &BY_RANK, 2, output::width(), rows).in_order(&BY_RANK);
            table.head(out)?;
            all.iter().try_for_each(|cells| table.row(out, &cells.each_ref().map(String::as_str)))
        }
    }
}
