//! `latchkey due`: what needs attention soon, for cron.

use std::io::Write as _;

use serde::Serialize;

use super::args::DueArgs;
use super::{connect, output};
use crate::domain::Untrusted;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, time};
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
}

/// Writes what is due; nothing, also in JSON, if nothing is.
pub(super) async fn run(args: &DueArgs, settings: &Context) -> Result<Exit, Failure> {
    let (keys, now) = connect(settings)
        .await?
        .work(async |server| {
            Ok::<_, Failure>((server.client.due(args.within).await?, server.client.server_time().await))
        })
        .await?;
    let all = due::all(&keys);
    if all.is_empty() {
        return Ok(Exit::Done);
    }
    output::print(|out| match settings.format {
        Format::Table => all.iter().try_for_each(|due| writeln!(out, "{}", due.in_line(now, time))),
        Format::Json => {
            let records: Vec<DueRecord<'_>> = all.iter().map(DueRecord::of).collect();
            output::write_json(&mut *out, &records)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = output::Rows::new(out, settings.format);
            rows.row(["reason", "at", "id", "label", "owner"])?;
            for record in all.iter().map(DueRecord::of) {
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
