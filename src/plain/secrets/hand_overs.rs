//! Secrets that are handed over: listed, taken back, alarms acknowledged.

use crate::client::{Handover, HandoverEnd};
use crate::operations::access::Access as _;
use crate::operations::format::local_time;
use crate::operations::handover::{Wrong, ended, in_line, is_open, name};
use crate::operations::permissions::ReadOnly;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;

const COMMANDS: &str =
    "hand-overs take-back NUMBER takes back one that hasn't been opened, hand-overs acknowledge NUMBER ends an alarm.";

/// Lists them, or settles the one with a number of that list.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let (word, number) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let how = match word.to_lowercase().as_str() {
        "" | "list" => return list(session).await,
        "take-back" => HandoverEnd::TakeBack,
        "acknowledge" => HandoverEnd::Acknowledge(None),
        _ => return Err(Interrupt::failed(format!("That was not understood. {COMMANDS}"))),
    };
    if let Some(why) = ReadOnly::of(&session.connection.server) {
        return Err(Interrupt::Failed(why.into()));
    }
    let number = number.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let Some(one) = number.and_then(|at| session.listing.handovers.get(at)).cloned() else {
        return Err(Interrupt::words("there is no hand-over with that number; hand-overs lists them"));
    };
    let question = match how {
        HandoverEnd::TakeBack if !is_open(&one) => {
            return Err(Interrupt::words("it was opened already, or has ended"));
        }
        HandoverEnd::TakeBack => format!("Take the secret of {} back?", name(&one)),
        HandoverEnd::Acknowledge(_) => format!("Acknowledge the alarm of {}?", name(&one)),
    };
    let how =
        if how == HandoverEnd::TakeBack { how } else { HandoverEnd::Acknowledge(Wrong::of(&one).map(|(_, at)| at)) };
    if session.console.confirm(&question).await? {
        session.call(async |client| client.settle_handover(&one.id, how).await).await?;
        session.console.say(ended(how));
    }
    Ok(())
}

async fn list(session: &mut Session) -> Flow<()> {
    let all: Vec<Handover> = session.call(async |client| client.handovers().await).await?;
    for (n, one) in all.iter().enumerate() {
        session.console.say(format!("{}. {}.", n + 1, in_line(one, local_time).trim_end_matches('.')));
    }
    session.console.say(if all.is_empty() { "No secrets are handed over." } else { COMMANDS });
    session.listing.handovers = all;
    Ok(())
}
