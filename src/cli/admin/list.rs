//! `latchkey admin list`.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::output;
use crate::cli::output::{Rows, Table, cell};
use crate::client::AdminEntry;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::format::time;

const TITLES: [&str; 4] = ["USERNAME", "ROLE", "CREATED AT", "LAST SIGN-IN AT"];

/// An administrator in JSON.
#[derive(Serialize)]
struct Record<'a> {
    username: &'a str,
    role: &'a str,
    created_at: String,
    /// None before the first sign-in.
    last_sign_in_at: Option<String>,
}

impl<'a> Record<'a> {
    const NAMES: [&'static str; 4] = ["username", "role", "created_at", "last_sign_in_at"];

    fn of(one: &'a AdminEntry) -> Self {
        Self {
            username: one.username.raw_for_api(),
            role: one.role.raw_for_api(),
            created_at: time(one.created_at),
            last_sign_in_at: one.last_sign_in_at.map(time),
        }
    }

    fn cells<'b>(&'b self, none: &'b str) -> [&'b str; 4] {
        [self.username, self.role, &self.created_at, self.last_sign_in_at.as_deref().unwrap_or(none)]
    }
}

pub fn write(all: &[AdminEntry], format: Format) -> Result<Exit, Failure> {
    let records: Vec<Record<'_>> = all.iter().map(Record::of).collect();
    output::print(|out| write_to(out, &records, format))
}

fn write_to(out: &mut impl Write, records: &[Record<'_>], format: Format) -> io::Result<()> {
    match format {
        Format::Json => {
            output::write_json(&mut *out, &records)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(out, format);
            rows.row(Record::NAMES)?;
            records.iter().try_for_each(|record| rows.row(record.cells("").map(cell)))?;
            rows.end()
        }
        Format::Table => {
            let rows = || records.iter().map(|record| record.cells("never"));
            let table = Table::fitted(TITLES, &[0, 1, 3, 2], 0, output::width(), rows());
            table.head(out)?;
            rows().try_for_each(|cells| table.row(out, &cells))
        }
    }
}
