//! What became of each key.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::output;
use crate::cli::output::Out;
use crate::domain::{InForce, KeyId};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

/// What became of one key.
pub(crate) enum DeleteOutcome {
    /// It is refused by now; says where, if several servers share the store.
    Deleted(Option<InForce>),
    /// It was not there.
    NotFound,
    /// Nothing was done; says why.
    Kept(&'static str),
    /// The server refused, or could not be asked; says why.
    Failed(String),
}

impl DeleteOutcome {
    /// The word of the result, and why it was kept or failed.
    fn words(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Deleted(_) => ("deleted", None),
            Self::NotFound => ("not_found", None),
            Self::Kept(why) => ("kept", Some(why)),
            Self::Failed(why) => ("failed", Some(why)),
        }
    }
}

/// The result on standard output, a line for each key as soon as it is known.
pub(crate) struct DeleteReport {
    format: Format,
    out: Out,
    lines: usize,
    /// Why the first line that was lost could not be written. Keys are deleted anyway: that is what was asked.
    lost: Option<Failure>,
}

#[derive(Serialize)]
struct DeleteLine<'a> {
    id: &'a str,
    result: &'static str,
    why: Option<&'a str>,
}

impl DeleteReport {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, out: output::stdout(), lines: 0, lost: None }
    }

    /// Writes what became of one key.
    pub(crate) fn line(&mut self, id: &KeyId, outcome: &DeleteOutcome) {
        let (result, why) = outcome.words();
        let in_force = match outcome {
            DeleteOutcome::Deleted(in_force) => *in_force,
            _ => None,
        };
        let line = DeleteLine { id: id.raw_for_api(), result, why };
        let written = self.write(&line, in_force);
        self.lines += 1;
        self.note(written);
    }

    fn write(&mut self, line: &DeleteLine<'_>, in_force: Option<InForce>) -> io::Result<()> {
        let out = &mut self.out;
        match self.format {
            Format::Json => {
                out.write_all(if self.lines == 0 { b"[\n" } else { b",\n" })?;
                output::write_json(out, line)
            }
            Format::Csv | Format::Tsv => {
                let mut rows = output::Rows::new(out, self.format);
                if self.lines == 0 {
                    rows.row(["id", "result", "why"])?;
                }
                rows.row([line.id, line.result, line.why.unwrap_or_default()].map(output::cell))?;
                rows.end()
            }
            Format::Table => {
                let why = line.why.map_or(String::new(), |why| format!(": {}", output::one_line(why)));
                let place = in_force.map_or(String::new(), |in_force| format!(", refused{}", in_force.words()));
                writeln!(out, "{}  {}{why}{place}", output::one_line(line.id), line.result.replace('_', " "))
            }
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if self.lost.is_none() {
            self.lost = output::done(written, &mut self.out).err();
        }
    }

    /// Ends the result. Lines that the reader didn't want (`| head`) are no failure.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        let end: &[u8] = match self.format {
            Format::Json if self.lines == 0 => b"[]\n",
            Format::Json => b"\n]\n",
            Format::Table | Format::Csv | Format::Tsv => b"",
        };
        let written = self.out.write_all(end);
        self.note(written);
        match self.lost {
            Some(failure) if failure.exit != Exit::Done => Err(failure),
            _ => Ok(()),
        }
    }
}
