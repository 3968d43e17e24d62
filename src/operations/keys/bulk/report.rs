//! What became of each key of an act on many, to be saved.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use super::{BulkAct, KeyOutcome, KeyResult};
use crate::domain::{KeyId, Untrusted};
use crate::operations::format::{Format, cell};
use crate::operations::output::{ExportForm, Rows, Table, write_json};

/// What became of each key, in the order in which it was known.
#[derive(Debug)]
pub struct BulkReport {
    act: BulkAct,
    lines: Vec<ReportLine>,
}

#[derive(Debug)]
struct ReportLine {
    id: KeyId,
    label: Untrusted,
    result: &'static str,
    why: Option<Cow<'static, str>>,
}

/// A line in its JSON form.
#[derive(Serialize)]
struct ReportRecord<'a> {
    id: &'a str,
    label: &'a str,
    result: &'a str,
    why: Option<&'a str>,
}

impl<'a> ReportRecord<'a> {
    const fn cells(&self) -> [&'a str; 4] {
        [self.id, self.label, self.result, if let Some(why) = self.why { why } else { "" }]
    }
}

impl BulkReport {
    pub const fn new(act: BulkAct) -> Self {
        Self { act, lines: Vec::new() }
    }

    /// What was done, for the name of a file.
    pub const fn done(&self) -> &'static str {
        self.act.done()
    }

    /// How many keys it tells of.
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes what became of a key.
    pub(crate) fn note(&mut self, key: &KeyResult) {
        let (result, why) = key.outcome.words(&self.act);
        let why = match &key.outcome {
            KeyOutcome::Already => Some(Cow::Borrowed(self.act.already())),
            KeyOutcome::Kept(why) => Some(Cow::Borrowed(*why)),
            _ => why.map(|why| Cow::Owned(why.to_owned())),
        };
        self.lines.push(ReportLine { id: key.id.clone(), label: key.label.clone(), result, why });
    }

    /// Writes a line for each key.
    pub fn write(&self, form: ExportForm, out: &mut Vec<u8>) -> io::Result<()> {
        let records = self.lines.iter().map(|line| ReportRecord {
            id: line.id.raw_for_api(),
            label: line.label.raw_for_api(),
            result: line.result,
            why: line.why.as_deref(),
        });
        match form {
            ExportForm::JsonLines => {
                for record in records {
                    write_json(&mut *out, &record)?;
                    out.push(b'\n');
                }
                Ok(())
            }
            ExportForm::Csv => {
                let mut rows = Rows::new(out, Format::Csv);
                rows.row(["id", "label", "result", "why"])?;
                for record in records {
                    rows.row(record.cells().map(cell))?;
                }
                rows.end()
            }
            ExportForm::Table => {
                let records: Vec<_> = records.collect();
                let titles = ["ID", "LABEL", "RESULT", "WHY"];
                let table = Table::fitted(titles, &[0, 1, 2, 3], 1, None, records.iter().map(ReportRecord::cells));
                table.head(out)?;
                records.iter().try_for_each(|record| table.row(out, &record.cells()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::failure::Exit;
    use crate::operations::keys::bulk::Failed;

    #[test]
    fn each_key_has_a_line_in_every_form() {
        let mut report = BulkReport::new(BulkAct::Deactivate(None));
        let failed = KeyOutcome::Failed(Failed { why: "refused \u{1b}[2J".to_owned(), exit: Exit::Conflict });
        for (id, label, outcome) in [
            ("PK1", "=1+1", KeyOutcome::Done(None, None)),
            ("PK2", "two", KeyOutcome::Already),
            ("PK3", "", KeyOutcome::Kept("not tried")),
            ("PK4", "four", failed),
            ("PK5", "", KeyOutcome::Missing),
        ] {
            report.note(&KeyResult { id: KeyId::parse(id).unwrap(), label: Untrusted::new(label), outcome });
        }
        let written = |form| {
            let mut out = Vec::new();
            report.write(form, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(ExportForm::Csv),
            "id,label,result,why\nPK1,'=1+1,deactivated,\nPK2,two,already,already inactive\nPK3,,kept,not tried\n\
             PK4,four,failed,refused ^[[2J\nPK5,,not_found,\n"
        );
        let lines = written(ExportForm::JsonLines);
        assert_eq!(lines.lines().next(), Some(r#"{"id":"PK1","label":"=1+1","result":"deactivated","why":null}"#));
        assert_eq!(lines.lines().count(), 5);
        assert!(!lines.contains('\u{1b}'));
        let table = written(ExportForm::Table);
        assert!(table.starts_with("ID   LABEL  RESULT       WHY\nPK1  =1+1   deactivated\n"), "{table}");
        assert!(table.contains("PK4  four   failed       refused ^[[2J\n"), "{table}");
    }
}
