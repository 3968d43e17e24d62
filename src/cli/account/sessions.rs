//! `latchkey sessions`.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::args::SessionsCommand;
use crate::cli::output;
use crate::cli::output::{Rows, Table, cell, time};
use crate::cli::prompts::Prompts;
use crate::cli::{connect, connect_to_change};
use crate::client::{ApiError, Connection, SessionEntry};
use crate::domain::Untrusted;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::server::StoreAccess;

/// Does what was asked.
pub(crate) async fn run(command: SessionsCommand, settings: &Context) -> Result<Exit, Failure> {
    let access = match command {
        SessionsCommand::List => connect(settings).await?,
        SessionsCommand::End { .. } => connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?,
    };
    access
        .work(async |server| match &command {
            SessionsCommand::List => {
                let all = server.client.sessions().await?;
                output::print(|out| write(out, &all, settings.format))
            }
            SessionsCommand::End { ids } => end(ids, server).await,
        })
        .await
}

/// Ends each in turn; one that is not there is said, and the others are still ended.
async fn end(ids: &[String], server: &Connection) -> Result<Exit, Failure> {
    let mut missing = Vec::new();
    for id in ids {
        match server.client.end_session(id).await {
            Ok(()) => {
                output::say(&format!("Ended session {id}."))?;
            }
            Err(ApiError::NotFound(_)) => missing.push(id.as_str()),
            Err(error) => return Err(error.into()),
        }
    }
    if missing.is_empty() {
        return Ok(Exit::Done);
    }
    let ids = Untrusted::new(&missing.join(", ")).to_display(200);
    Err(Failure::new(Exit::NotFound, format!("No session {ids}."))
        .next("It may have ended already; list them with: latchkey sessions list"))
}

const TITLES: [&str; 7] = ["ID", "USERNAME", "ROLE", "FROM", "CREATED AT", "LAST SEEN AT", "ENDS AT"];
const NAMES: [&str; 8] = ["id", "username", "role", "from", "created_at", "last_seen_at", "ends_at", "current"];

/// A session in JSON.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    username: &'a str,
    role: &'a str,
    from: &'a str,
    created_at: String,
    last_seen_at: String,
    ends_at: String,
    current: bool,
}

impl<'a> Record<'a> {
    fn of(one: &'a SessionEntry) -> Self {
        Self {
            id: one.id.raw_for_api(),
            username: one.username.raw_for_api(),
            role: one.role.raw_for_api(),
            from: one.from.raw_for_api(),
            created_at: time(one.created_at),
            last_seen_at: time(one.last_seen_at),
            ends_at: time(one.ends_at),
            current: one.current,
        }
    }

    fn cells(&self) -> [&str; 7] {
        [self.id, self.username, self.role, self.from, &self.created_at, &self.last_seen_at, &self.ends_at]
    }
}

fn write(out: &mut impl Write, all: &[SessionEntry], format: Format) -> io::Result<()> {
    let records: Vec<_> = all.iter().map(Record::of).collect();
    match format {
        Format::Json => {
            output::write_json(&mut *out, &records)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(out, format);
            rows.row(NAMES)?;
            for record in &records {
                let current = if record.current { "true" } else { "false" };
                rows.row(record.cells().iter().map(|text| cell(text)).chain([cell(current)]))?;
            }
            rows.end()
        }
        Format::Table => {
            let table =
                Table::fitted(TITLES, &[0, 1, 3, 5, 2, 6, 4], 1, output::width(), records.iter().map(Record::cells));
            table.head(out)?;
            records.iter().try_for_each(|record| table.row(out, &record.cells()))
        }
    }
}
