//! A list of keys that is written page by page.

use std::io;
use std::io::Write;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{KeyRecord, ListForm, Rows, Table, write_json};
use crate::domain::AccessKey;
use crate::domain::key::fields;
use crate::domain::key::fields::{ColumnWidth, FIELDS, KeyField, RECORD_FIELDS};
use crate::operations::format::{Format, cell};

/// What has been written so far.
#[derive(Debug)]
pub struct KeyList {
    form: ListForm,
    /// Indices in [`FIELDS`], in the order in which they are written.
    columns: Vec<usize>,
    /// How many cells a line of a table may take.
    room: Option<usize>,
    /// The columns, as the first page needs them.
    table: Option<Table>,
    /// How many keys were written.
    pub rows: u64,
}

impl KeyList {
    /// A list with these columns, by their indices in [`FIELDS`], as far as a record has them.
    pub fn new(form: ListForm, mut columns: Vec<usize>, room: Option<usize>) -> Self {
        columns.retain(|index| *index < RECORD_FIELDS);
        Self { form, columns, room, table: None, rows: 0 }
    }

    /// A list with everything that is known of a key.
    pub fn whole(form: ListForm, room: Option<usize>) -> Self {
        Self::new(form, (0..RECORD_FIELDS).collect(), room)
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
                    if self.columns.len() == RECORD_FIELDS {
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
                    rows.row(self.columns.iter().map(|&index| FIELDS[index].name))?;
                }
                for record in records {
                    let cells = record.cells();
                    rows.row(self.columns.iter().map(|&index| cell(cells[index])))?;
                    self.rows += 1;
                }
                rows.end()
            }
            ListForm::Table => self.columns(out, &records.collect::<Vec<_>>()),
        }
    }

    /// Writes them in words for people, in columns: a time that is absent is "never", not an empty cell.
    fn columns(&mut self, out: &mut impl Write, records: &[KeyRecord<'_>]) -> io::Result<()> {
        if self.table.is_none() {
            let rows = records.iter().map(KeyRecord::cells_in_words);
            let titles: [String; RECORD_FIELDS] = std::array::from_fn(|index| FIELDS[index].heading());
            let order: Vec<usize> =
                fields::by_rank().into_iter().filter(|index| self.columns.contains(index)).collect();
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
        for &index in self.columns {
            map.serialize_entry(FIELDS[index].name, &self.record.value(index))?;
        }
        map.end()
    }
}
