//! Results on standard output: JSON, CSV, and columns for people.

use std::io;
use std::io::{BufWriter, IsTerminal as _, StdoutLock, Write};

use serde::Serialize;

use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

pub use crate::operations::format::cell;
pub use crate::operations::format::time;
pub use crate::operations::output::{EventRecord, KeyRecord, Rows, Table, one_line, write_json};

/// Standard output, buffered: what was written before is flushed by [`done`].
pub type Out = BufWriter<StdoutLock<'static>>;

pub fn stdout() -> Out {
    BufWriter::new(io::stdout().lock())
}

/// Writes a result to standard output.
pub fn print(write: impl FnOnce(&mut Out) -> io::Result<()>) -> Result<Exit, Failure> {
    let mut out = stdout();
    done(write(&mut out), &mut out)?;
    Ok(Exit::Done)
}

/// Says on standard output what was done.
pub fn say(words: &str) -> Result<Exit, Failure> {
    print(|out| writeln!(out, "{}", one_line(words)))
}

/// Writes one value to standard output: alone for people and for `$(…)`, or with what goes with it. `json` is made only
/// if it is needed: it holds copies of credentials.
pub fn print_value<T: Serialize>(
    format: Format,
    value: &str,
    json: impl FnOnce() -> T,
    fields: &[(&str, &str)],
) -> Result<Exit, Failure> {
    print(|out| match format {
        Format::Table => writeln!(out, "{}", one_line(value)),
        Format::Json | Format::Csv | Format::Tsv => write_fields(out, format, &json(), fields),
    })
}

/// Flushes, and turns trouble into a failure.
pub fn done(written: io::Result<()>, out: &mut Out) -> Result<(), Failure> {
    written.and_then(|()| out.flush()).map_err(|error| Failure::of_output(&error))
}

/// Whether a person reads the result on a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How many cells a line may take; none if the output is not a terminal.
pub fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(if size.ws_col == 0 { 80 } else { size.ws_col.into() }) // 0: a terminal that does not know
}

/// Writes named values: one a line, an object, or a header and one row.
pub fn write_fields<W: Write>(
    out: &mut W,
    format: Format,
    json: &impl Serialize,
    fields: &[(&str, &str)],
) -> io::Result<()> {
    match format {
        Format::Json => {
            write_json(&mut *out, json)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = Rows::new(out, format);
            rows.row(fields.iter().map(|(name, _)| name.to_lowercase().replace(' ', "_")))?;
            rows.row(fields.iter().map(|(_, value)| cell(value)))?;
            rows.end()
        }
        Format::Table => {
            let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in fields {
                writeln!(out, "{}", format!("{name:widest$}  {}", one_line(value)).trim_end())?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_each_form() {
        let written = |format| {
            let mut out = Vec::new();
            let json = serde_json::json!({ "id": "PK1" });
            write_fields(&mut out, format, &json, &[("ID", "PK1"), ("Last used", "never, \"no\"")]).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Format::Json), "{\"id\":\"PK1\"}\n");
        assert_eq!(written(Format::Csv), "id,last_used\nPK1,\"never, \"\"no\"\"\"\n");
        assert_eq!(written(Format::Table), "ID         PK1\nLast used  never, \"no\"\n");
    }
}
