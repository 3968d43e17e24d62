//! `latchkey due`: what needs attention soon, for cron.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::args::DueArgs;
use super::{connect, output};
use crate::client::{ApiError, Handover};
use crate::domain::Untrusted;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, time};
use crate::operations::handover::{Wrong, alarm, alarms, identity};
use crate::operations::keys::due;
use crate::operations::keys::due::Due;

/// A key that needs attention, as `--output json` shows it.
#[derive(Serialize)]
struct DueRecord<'a> {
    reason: &'static str,
    /// None for a rotation without an end.
    at: Option<String>,
    id: &'a str,
    label: &'a str,
    owner: Option<&'a str>,
}

impl<'a> DueRecord<'a> {
    fn of(due: &Due<'a>) -> Self {
        Self {
            reason: due.reason.as_str(),
            at: due.at.map(time),
            id: due.key.id.raw_for_api(),
            label: due.key.label.raw_for_api(),
            owner: due.key.owner.as_ref().map(Untrusted::raw_for_api),
        }
    }

    /// The key of a hand-over with which something is wrong.
    fn of_handover((wrong, at, one): &(Wrong, DateTime<Utc>, &'a Handover)) -> Self {
        let (id, label) = (one.key_id.raw_for_api(), one.label.raw_for_api());
        Self { reason: wrong.as_str(), at: Some(time(*at)), id, label, owner: None }
    }
}

/// Writes what is due; nothing, also in JSON, if nothing is.
pub(super) async fn run(args: &DueArgs, settings: &Context) -> Result<Exit, Failure> {
    let (keys, handovers, now) = connect(settings)
        .await?
        .work(async |server| {
            let keys = server.client.due(args.within).await?;
            let handovers = match server.client.handovers().await {
                Err(ApiError::NoHandovers) => Vec::new(),
                read => read?,
            };
            Ok::<_, Failure>((keys, handovers, server.client.server_time().await))
        })
        .await?;
    let (all, alarms) = (due::all(&keys), alarms(&handovers));
    if all.is_empty() && alarms.is_empty() {
        return Ok(Exit::Done);
    }
    let records = || alarms.iter().map(DueRecord::of_handover).chain(all.iter().map(DueRecord::of));
    output::print(|out| match settings.format {
        Format::Table => {
            let alarm = |one: &Handover| alarm(one, &identity(one), time).unwrap_or_default();
            alarms.iter().try_for_each(|(_, _, one)| writeln!(out, "{}", alarm(one)))?;
            all.iter().try_for_each(|due| writeln!(out, "{}", due.in_line(now, time)))
        }
        Format::Json => {
            let records: Vec<DueRecord<'_>> = records().collect();
            output::write_json(&mut *out, &records)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = output::Rows::new(out, settings.format);
            rows.row(["reason", "at", "id", "label", "owner"])?;
            for record in records() {
                rows.row(
                    [
                        record.reason,
                        record.at.as_deref().unwrap_or_default(),
                        record.id,
                        record.label,
                        record.owner.unwrap_or_default(),
                    ]
                    .map(output::cell),
                )?;
            }
            rows.end()
        }
    })?;
    Ok(Exit::Due)
}
