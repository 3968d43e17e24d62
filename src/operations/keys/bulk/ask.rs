//! The confirmation of an act on many keys, in lines.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::KeyId;
use crate::operations::format::{grouped, relative};
use crate::operations::keys::bulk::{BulkRun, Survey, SurveyedKey};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;

/// Keys that are named in lines.
const NAMED: usize = 10;
/// Cells of a label, and of an owner, in such a line.
const LABEL_CELLS: usize = 40;
const OWNER_CELLS: usize = 20;

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
    for line in findings(survey, leave_out.unwrap_or(false)) {
        prompter.say(line);
    }
    for key in survey.keys().take(NAMED) {
        prompter.say(named(key, survey.now));
    }
    let more = survey.all().saturating_sub(NAMED as u64);
    if more > 0 && survey.keys().next().is_some() {
        prompter.say(format!("… and {} more.", grouped(more)));
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
    prompter.say(survey.meaning(act, leave_out));
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
pub(crate) fn findings(survey: &Survey, leave_out: bool) -> Vec<String> {
    let mark = |is_warning: bool| if is_warning { "! " } else { "" };
    let mut lines: Vec<String> = survey.standing(leave_out).into_iter().collect();
    lines.extend(survey.findings().map(|finding| {
        format!("{}{} {}", mark(finding.what.is_warning()), grouped(finding.count), finding.what.words())
    }));
    if survey.already > 0 {
        lines.push(format!("{} {}", grouped(survey.already), survey.act.already()));
    }
    lines
}

/// A key within the lines: what is unusual about it, its ID, label, owner and last use.
fn named(surveyed: &SurveyedKey, now: DateTime<Utc>) -> String {
    let key = &surveyed.key;
    let id = key.id.to_display(KeyId::MAX_CHARS);
    let label = if key.label.is_empty() { String::new() } else { format!(" {}", key.label.to_display(LABEL_CELLS)) };
    let owner = key.owner.as_ref().filter(|owner| !owner.is_empty());
    let owner = owner.map_or(String::new(), |owner| format!(", owner {}", owner.to_display(OWNER_CELLS)));
    let used =
        key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", relative(at, now)));
    let reasons = reasons(surveyed, now);
    let reasons = if reasons.is_empty() { reasons } else { format!("{reasons}: ") };
    format!("{}{reasons}{id}{label}{owner}, {used}", if surveyed.is_warned() { "! " } else { "  " })
}

/// What is unusual about a key, in a few words.
pub(crate) fn reasons(surveyed: &SurveyedKey, now: DateTime<Utc>) -> String {
    // What only tells what is there would hide what is better looked at.
    let told = surveyed.unusual.iter().filter(|what| what.is_warning() || !surveyed.is_warned());
    let reasons = told.map(|what| what.reason(&surveyed.key, now));
    reasons.collect::<Vec<_>>().join(", ")
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
