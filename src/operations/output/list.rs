//! A list of keys that is written page by page.

use std::io;
use std::io::Write;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{KeyRecord, ListForm, Rows, Table, write_json};
use crate::domain::AccessKey;
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, KeyField, TOLD};
use crate::operations::format::{Format, cell};

/// What has been written so far.
#[derive(Debug)]
pub struct KeyList {
    form: ListForm,
    /// Places in [`FIELDS`], in the order in which they are written.
    columns: Vec<usize>,
    /// How many cells a line of a table may take.
    room: Option<usize>,
    /// The columns, as the first page needs them.
    table: Option<Table>,
    /// How many keys were written.
    pub rows: u64,
}

impl KeyList {
    /// A list with these columns, by their places in [`FIELDS`], as far as they are for programs.
    pub fn new(form: ListForm, mut columns: Vec<usize>, room: Option<usize>) -> Self {
        columns.retain(|at| *at < TOLD);
        Self { form, columns, room, table: None, rows: 0 }
    }

    /// A list with everything that is known of a key.
    pub fn whole(form: ListForm, room: Option<usize>) -> Self {
        Self::new(form, (0..TOLD).collect(), room)
    }

    /// Writes a page.
    pub fn write(&mut self, out: &mut impl Write, keys: &[AccessKey]) -> io::Result<()> {
        let records = keys.iter().map(KeyRecord::of);
        match self.form {
            ListForm::Json | ListForm::JsonLines => {
                for record in records {
                    if self.form == ListForm::Json {
                        out.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
                    }
                    if self.columns.len() == TOLD {
                        write_json(&mut *out, &record)?;
                    } else {
                        write_json(&mut *out, &Part { record: &record, columns: &self.columns })?;
                    }
                    if self.form == ListForm::JsonLines {
                        out.write_all(b"\n")?;
                    }
                    self.rows += 1;
                }
                Ok(())
            }
            ListForm::Csv | ListForm::Tsv => {
                let form = if self.form == ListForm::Csv { Format::Csv } else { Format::Tsv };
                let mut rows = Rows::new(&mut *out, form);
                if self.rows == 0 {
                    rows.row(self.columns.iter().map(|&at| FIELDS[at].name))?;
                }
                for record in records {
                    let cells = record.cells();
                    rows.row(self.columns.iter().map(|&at| cell(cells[at])))?;
                    self.rows += 1;
                }
                rows.end()
            }
            ListForm::Table => self.columns(out, &records.collect::<Vec<_>>()),
        }
    }

    /// For people, so that nothing is said by nothing.
    fn columns(&mut self, out: &mut impl Write, records: &[KeyRecord<'_>]) -> io::Result<()> {
        if self.table.is_none() {
            let rows = records.iter().map(KeyRecord::cells_in_words);
            let titles: [String; TOLD] = std::array::from_fn(|at| FIELDS[at].heading());
            let order: Vec<usize> = fields::by_rank().into_iter().filter(|at| self.columns.contains(at)).collect();
            // The column that takes the rest on the page is cut on a terminal.
            let is_rest = |field: &KeyField| matches!(field.column.width, ColumnWidth::Rest);
            let gives_way = FIELDS.iter().position(is_rest).unwrap_or(0);
            let table = Table::fitted(titles, &order, gives_way, self.room, rows).in_order(&self.columns);
            table.head(out)?;
            self.table = Some(table);
        }
        self.rows += records.len() as u64;
        let Some(table) = &self.table else { return Ok(()) };
        records.iter().try_for_each(|record| table.row(out, &record.cells_in_words()))
    }

    /// Writes what follows the last page.
    pub fn end(&self, out: &mut impl Write) -> io::Result<()> {
        match self.form {
            ListForm::Json => out.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" }),
            _ => Ok(()),
        }
    }
}

/// Some fields of a key.
struct Part<'a> {
    record: &'a KeyRecord<'a>,
    columns: &'a [usize],
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.columns.len()))?;
        for &at in self.columns {
            map.serialize_entry(FIELDS[at].name, &self.record.value(at))?;
        }
        map.end()
    }
}
