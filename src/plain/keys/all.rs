//! One act on all keys that the filter finds.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::domain::key::fields;
use crate::domain::{KeyId, Texts};
use crate::operations::access::Access as _;
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::activate::a_while;
use crate::operations::keys::bulk;
use crate::operations::keys::bulk::{BulkAct, BulkRun, KeyOutcome, Selection, Survey, counted, progress};
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Choice, Prompter as _};
use crate::plain::keys::form;
use crate::plain::keys::form::ExpiryInput;
use crate::plain::session::{Session, Undo};

const ACTS: [Choice<'_>; 4] = [
    ("activate", ""),
    ("deactivate", "all deactivate 1h does it for a while"),
    ("delete", ""),
    ("edit", "set owner and expiry"),
];

/// How often it is said how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// Does to all of them what `rest` says, or asks for it; after one confirmation.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let filter = session.listing.query.filter.clone();
    if filter.is_empty() {
        return Err(Failure::usage("That would be every key.")
            .next("Say which ones with filter or status first; filter status:active,inactive,expired means all.")
            .into());
    }
    let now = session.client().await?.server_time().await;
    let (rest, until) = match rest.split_once(char::is_whitespace) {
        Some(("deactivate", span)) => {
            let span = a_while(span).map_err(|why| Interrupt::words(&format!("For a while, {why}.")))?;
            ("deactivate", Some(now + span))
        }
        _ => (rest, None),
    };
    let chosen = match rest {
        "" => match session.console.choose_or_leave("What", 1, &ACTS).await? {
            Some(chosen) => chosen,
            None => return Ok(()),
        },
        word => ACTS
            .iter()
            .position(|(act, _)| *act == word.to_lowercase())
            .ok_or_else(|| Interrupt::failed("Type one of activate, deactivate, delete, edit after all."))?,
    };
    let act = match chosen {
        0 => BulkAct::Activate,
        1 => BulkAct::Deactivate(until),
        2 => BulkAct::Delete,
        _ => {
            let Some(act) = edit(session).await? else {
                session.console.say(messages::NOTHING_CHANGED);
                return Ok(());
            };
            act
        }
    };
    let all = Selection::Matching(filter, HashSet::new());
    let survey = bulk::drive::survey(session, all.clone(), act.clone(), now, |_| {}).await?;
    if survey.todo(false) == 0 {
        session.console.say(format!(
            "There is nothing to do: {}, {} {}.",
            counted(survey.count),
            survey.already,
            act.already()
        ));
        return Ok(());
    }
    let production = session.connection.server.production();
    let leave_out = match bulk::confirm(&mut session.console, &survey, None, production).await? {
        Ok(leave_out) => leave_out,
        Err(why) => return Err(Interrupt::failed(why)),
    };
    carry_out(session, BulkRun::confirmed(all, survey, leave_out, Instant::now())).await
}

/// Takes an earlier act on many keys back, if that is confirmed.
pub(crate) async fn undo(session: &mut Session) -> Flow<()> {
    let now = session.client().await?.server_time().await;
    let Some(Undo::Many(reversals)) = &session.undo else { return Ok(()) };
    if reversals.len() > 1 {
        let survey = Survey::of_undo(reversals, now);
        let production = session.connection.server.production();
        if let Err(why) = bulk::confirm(&mut session.console, &survey, None, production).await? {
            return Err(Interrupt::failed(why));
        }
    }
    let Some(Undo::Many(reversals)) = session.undo.take() else { return Ok(()) };
    carry_out(session, BulkRun::undo(reversals, now, Instant::now())).await
}

/// Makes the changes, and tells which keys were not changed.
async fn carry_out(session: &mut Session, mut run: BulkRun) -> Flow<()> {
    let (mut said, mut worst) = (Instant::now(), Exit::Done);
    let done = bulk::drive::run(session, &mut run, |console, run, result| {
        let id = result.id.to_display(KeyId::MAX_CHARS);
        match &result.outcome {
            KeyOutcome::Failed(failed) => {
                worst = worst.max(failed.exit);
                console.say(format!("{id} failed: {}", failed.why));
            }
            KeyOutcome::Kept(why) => console.say(format!("{id} left unchanged: {why}.")),
            _ => {}
        }
        if said.elapsed() >= PROGRESS {
            said = Instant::now();
            console.say(format!("{}.", progress(run, said)));
        }
    })
    .await;
    let reversals = run.take_reversals();
    session.undo = (!reversals.is_empty()).then_some(Undo::Many(reversals));
    let next = match &session.undo {
        Some(_) => " The command undo takes it back.",
        None if run.is_too_much_to_undo => messages::TOO_MUCH_TO_UNDO,
        None => "",
    };
    session.console.say(format!("{}.{next}", run.summary()));
    session.note_exit(worst);
    done
}

/// Asks what is set for all of them; none to go back.
async fn edit(session: &mut Session) -> Flow<Option<BulkAct>> {
    form::tell_way_back(session, "then nothing is changed.");
    let keep = "Enter keeps it, - for none";
    let Some(texts) = form::some_texts(session, keep, fields::named("owner").into_iter()).await? else {
        return Ok(None);
    };
    let limits = form::lifetimes(session).await?;
    let expires_at = match form::expires(session, "Enter keeps it", limits).await? {
        ExpiryInput::Back => return Ok(None),
        ExpiryInput::Kept => None,
        ExpiryInput::Is(end) => Some(end),
    };
    Ok((texts != Texts::default() || expires_at.is_some()).then_some(BulkAct::Edit { texts, expires_at }))
}
