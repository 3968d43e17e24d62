//! What became of each key.

use std::io;
use std::io::{IsTerminal as _, Write};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::output;
use crate::cli::output::Out;
use crate::domain::{AccessKey, InForce, KeyId, Untrusted};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::bulk::{BulkAct, BulkRun, Failed, Foreseen, KeyOutcome, KeyResult, progress};

/// The result on standard output, a line for each key as soon as it is known.
pub(crate) struct ChangeReport {
    format: Format,
    act: BulkAct,
    /// The exit code for a key that is not there.
    missing: Exit,
    /// The highest exit code so far.
    worst: Exit,
    out: Out,
    lines: usize,
    /// Why the first line that was lost could not be written. Keys are changed anyway: that is what was asked.
    lost: Option<Failure>,
    /// When standard error said last how far it is, if a terminal is there that does not get the lines.
    progress: Option<Instant>,
}

#[derive(Serialize)]
struct ChangeLine<'a> {
    id: &'a str,
    result: &'a str,
    why: Option<&'a str>,
}

/// Cells of a label, which ends a line.
const LABEL_CELLS: usize = 60;
/// How often it is said how far it is.
const PROGRESS: Duration = Duration::from_millis(200);

impl ChangeReport {
    pub(crate) fn new(format: Format, act: BulkAct, missing: Exit) -> Self {
        let progress = (io::stderr().is_terminal() && !output::is_terminal()).then(Instant::now);
        let (out, worst) = (output::stdout(), Exit::Done);
        Self { format, act, missing, worst, out, lines: 0, lost: None, progress }
    }

    /// Writes what became of one key.
    pub(crate) fn result(&mut self, run: &BulkRun, result: &KeyResult) {
        let act = self.act.clone();
        let (word, why) = result.outcome.words(&act);
        let mut in_force = None;
        match &result.outcome {
            KeyOutcome::Done(_, known) => in_force = *known,
            KeyOutcome::Missing => self.worst = self.worst.max(self.missing),
            KeyOutcome::Failed(Failed { exit, .. }) => self.worst = self.worst.max(*exit),
            KeyOutcome::Already | KeyOutcome::Kept(_) => {}
        }
        self.line((&result.id, Some(&result.label)), word, why, in_force);
        if let Some(at) = self.progress
            && at.elapsed() >= PROGRESS
        {
            let said = progress(run, Instant::now());
            let _ = write!(io::stderr(), "\r{said:<60}\r");
            self.progress = Some(Instant::now());
        }
    }

    /// Writes that a key is not there.
    pub(crate) fn missing(&mut self, id: &KeyId) {
        self.worst = self.worst.max(self.missing);
        self.line((id, None), "not_found", None, None);
    }

    /// Writes that a key was not confirmed.
    pub(crate) fn unconfirmed(&mut self, id: &KeyId) {
        self.worst = self.worst.max(Exit::Cancelled);
        self.line((id, None), "kept", Some("not confirmed"), None);
    }

    /// Writes what would become of a key.
    pub(crate) fn foresee(&mut self, key: Result<&AccessKey, KeyId>, leave_out: bool, now: DateTime<Utc>) {
        let key = match key {
            Ok(key) => key,
            Err(id) => return self.missing(&id),
        };
        let named = (&key.id, Some(&key.label));
        let done = self.act.done();
        match self.act.foresee(key, leave_out, now) {
            Foreseen::Done(unusual) => {
                let why = (!unusual.is_empty()).then_some(unusual.as_str());
                self.line(named, &format!("would_be_{done}"), why, None);
            }
            Foreseen::Already => self.line(named, "already", Some(self.act.already()), None),
            Foreseen::Kept(why) => self.line(named, "kept", Some(&why), None),
            Foreseen::Failed(why) => self.line(named, "failed", Some(&why), None),
        }
    }

    /// Writes a line about a key; its label, if it is known, is for people.
    fn line(
        &mut self,
        (id, label): (&KeyId, Option<&Untrusted>),
        result: &str,
        why: Option<&str>,
        in_force: Option<InForce>,
    ) {
        let written = self.write(&ChangeLine { id: id.raw_for_api(), result, why }, label, in_force);
        self.lines += 1;
        self.note(written);
    }

    fn write(&mut self, line: &ChangeLine<'_>, label: Option<&Untrusted>, in_force: Option<InForce>) -> io::Result<()> {
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
                // What a key is already says that it was left so.
                let (result, why) = match (line.result, line.why) {
                    ("already", Some(why)) => (why, None),
                    ("kept", why) => ("left unchanged", why),
                    other => other,
                };
                let why = why.map_or(String::new(), |why| format!(": {}", output::one_line(why)));
                let place = in_force.map_or(String::new(), |in_force| format!(", refused{}", in_force.words()));
                let label = label.filter(|label| !label.is_empty());
                let label = label.map_or(String::new(), |label| format!("  {}", label.to_display(LABEL_CELLS)));
                writeln!(out, "{}  {}{why}{place}{label}", output::one_line(line.id), result.replace('_', " "))
            }
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if self.lost.is_none() {
            self.lost = output::done(written, &mut self.out).err();
        }
    }

    /// Says for people what all came to.
    pub(crate) fn sum_up(&self, summary: &str) {
        if self.format == Format::Table {
            let _ = writeln!(io::stderr(), "{summary}");
        }
    }

    /// Ends the result. Lines that the reader didn't want (`| head`) are no failure.
    pub(crate) fn end(mut self) -> Result<Exit, Failure> {
        let end: &[u8] = match self.format {
            Format::Json if self.lines == 0 => b"[]\n",
            Format::Json => b"\n]\n",
            Format::Table | Format::Csv | Format::Tsv => b"",
        };
        let written = self.out.write_all(end);
        self.note(written);
        match self.lost {
            Some(failure) if failure.exit != Exit::Done => Err(failure),
            _ => Ok(self.worst),
        }
    }
}
