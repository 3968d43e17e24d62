//! What the doctor says.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use serde::Serialize;

use crate::cli::output;
use crate::cli::output::Out;
use crate::domain::diagnosis::FindingKind;
use crate::operations::diagnose::{Diagnosis, Fact};
use crate::operations::format::Format;

/// The result as JSON.
#[derive(Serialize)]
struct DiagnosisReport<'a> {
    findings: Vec<FindingRecord<'a>>,
    /// The facts by their names in small letters; empty where a key was looked at.
    environment: BTreeMap<String, &'a str>,
}

#[derive(Serialize)]
struct FindingRecord<'a> {
    what: &'a str,
    /// What to do next; empty if nothing is to be done.
    next: &'a str,
    /// Whether it explains what does not work.
    is_fault: bool,
}

/// Writes the facts and then the findings.
pub(crate) fn write(out: &mut Out, format: Format, diagnosis: &Diagnosis, facts: &[Fact]) -> io::Result<()> {
    match format {
        Format::Json => json(out, diagnosis, facts),
        Format::Csv | Format::Tsv => rows(out, format, diagnosis, facts),
        Format::Table => table(out, diagnosis, facts),
    }
}

fn json(out: &mut Out, diagnosis: &Diagnosis, facts: &[Fact]) -> io::Result<()> {
    let findings = diagnosis.findings.iter();
    let findings = findings.map(|f| FindingRecord { what: &f.what, next: &f.next, is_fault: f.is_fault() }).collect();
    let named = facts.iter().map(|(name, value)| (name.to_lowercase().replace(' ', "_"), value.as_str()));
    output::write_json(&mut *out, &DiagnosisReport { findings, environment: named.collect() })?;
    writeln!(out)
}

fn rows(out: &mut Out, format: Format, diagnosis: &Diagnosis, facts: &[Fact]) -> io::Result<()> {
    let mut rows = output::Rows::new(out, format);
    rows.row(["kind", "what", "next"])?;
    for found in &diagnosis.findings {
        let kind = if found.is_fault() { "fault" } else { "note" };
        rows.row([kind, &found.what, &found.next].map(output::cell))?;
    }
    for (name, value) in facts {
        rows.row(["fact", name, value].map(output::cell))?;
    }
    rows.end()
}

fn table(out: &mut Out, diagnosis: &Diagnosis, facts: &[Fact]) -> io::Result<()> {
    for (name, value) in facts {
        writeln!(out, "{name:16}  {}", output::one_line(value))?;
    }
    if !facts.is_empty() && !diagnosis.findings.is_empty() {
        writeln!(out)?;
    }
    for found in &diagnosis.findings {
        let mark = match found.kind {
            FindingKind::Failed | FindingKind::Fault => "wrong",
            FindingKind::Running | FindingKind::Passed | FindingKind::Note => "note",
        };
        writeln!(out, "{mark:5}  {}", output::one_line(&found.what))?;
        if !found.next.is_empty() {
            writeln!(out, "       {}", output::one_line(&found.next))?;
        }
    }
    Ok(())
}
