//! Rows for spreadsheets: RFC 4180, with LF for the end of a line.

use std::io;
use std::io::Write;

use crate::operations::format::Format;

/// Rows of separated values.
pub struct Rows<W: Write>(csv::Writer<W>);

impl<W: Write> Rows<W> {
    /// Writes to `out` with a buffer of its own: to be ended.
    pub fn new(out: W, format: Format) -> Self {
        let mut rows = csv::WriterBuilder::new();
        rows.has_headers(false);
        if format == Format::Tsv {
            rows.delimiter(b'\t').quote_style(csv::QuoteStyle::Never); // cells contain no tabs or line breaks
        }
        Self(rows.from_writer(out))
    }

    pub fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        // The crate's own way to an io::Error hides its kind, and so a pipe that broke.
        self.0.write_record(cells).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }

    /// Passes on what is buffered.
    pub fn end(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pipe_is_known_as_one() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut rows = Rows::new(writer, Format::Csv);
        let written = (0..10_000).try_for_each(|_| rows.row(["some", "cells"])).and_then(|()| rows.end());
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
