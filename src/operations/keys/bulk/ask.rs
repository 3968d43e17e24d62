//! The confirmation of an act on many keys, in lines.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::{AccessKey, KeyId};
use crate::operations::format::grouped;
use crate::operations::keys::bulk::{BulkRun, Finding, Survey};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;

/// Cells of a label within a finding.
const LABEL_CELLS: usize = 40;

/// Tells what would happen and what is unusual, and asks for the confirmation; says so if it isn't given. Whether keys
/// with a reason are left out is asked too, unless `leave_out` says it; it is what a confirmation returns.
pub(crate) async fn confirm(
    prompter: &mut impl Prompter,
    survey: &Survey,
    leave_out: Option<bool>,
    production: Option<String>,
) -> Flow<Result<bool, String>> {
    let act = &survey.act;
    prompter.say(format!("{}.", counted(survey.todo(leave_out.unwrap_or(false)))));
    for line in findings(survey) {
        prompter.say(line);
    }
    let leave_out = match leave_out {
        Some(leave_out) => leave_out,
        None if survey.warned == 0 || survey.todo(true) == 0 => false,
        None => prompter.confirm(&format!("Leave out what is marked with ! ({})?", counted(survey.warned))).await?,
    };
    let todo = survey.todo(leave_out);
    if leave_out && survey.warned > 0 {
        prompter.say(format!("Left out: {}.", counted(survey.warned)));
    }
    prompter.say(act.consequence(todo));
    let nothing = act.undone();
    Ok(match act.confirmation(todo, survey.stops_used_keys(leave_out), production) {
        Some(confirmation) => {
            let typed = prompter.ask(confirmation.question()).await?;
            if confirmation.is_given_by(&typed) {
                Ok(leave_out)
            } else {
                Err(format!("{} {nothing}", confirmation.mismatch()))
            }
        }
        None if prompter.confirm(&format!("{} {}?", act.verb(), counted(todo))).await? => Ok(leave_out),
        None => Err(nothing.to_owned()),
    })
}

/// What is unusual, a line for each; `!` before what deserves a second look.
pub(crate) fn findings(survey: &Survey) -> Vec<String> {
    let mut lines: Vec<String> = survey.findings().map(|finding| line(finding, survey.now)).collect();
    if survey.already > 0 {
        lines.push(format!("{} {}", grouped(survey.already), survey.act.already()));
    }
    lines
}

fn line(finding: &Finding, now: DateTime<Utc>) -> String {
    let Finding { what, count, first } = finding;
    let mark = if what.is_warning() { "! " } else { "" };
    let named: Vec<String> = first
        .iter()
        .map(|key| {
            let detail = what.detail(key, now);
            if detail.is_empty() { name(key) } else { format!("{} ({detail})", name(key)) }
        })
        .collect();
    let more = count - first.len() as u64;
    let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
    format!("{mark}{} {}: {}{more}", grouped(*count), what.words(), named.join(", "))
}

/// A key within a sentence: its ID, and its label if it has one.
fn name(key: &AccessKey) -> String {
    let id = key.id.to_display(KeyId::MAX_CHARS);
    if key.label.is_empty() { id } else { format!("{id} {}", key.label.to_display(LABEL_CELLS)) }
}

/// How far it is, and how long it will take: "31 of 40, 9 s left".
pub(crate) fn progress(run: &BulkRun, now: Instant) -> String {
    let done = run.tally.all();
    let of = run.total.map_or_else(|| grouped(done), |total| format!("{} of {}", grouped(done), grouped(total)));
    let left = run.estimate(now).map(|left| match left.as_secs() {
        0..60 => format!(", {} s left", left.as_secs() + 1),
        seconds => format!(", {} min left", seconds / 60 + 1),
    });
    format!("{of}{}", left.unwrap_or_default())
}

pub(crate) fn counted(count: u64) -> String {
    if count == 1 { "1 key".to_owned() } else { format!("{} keys", grouped(count)) }
}
