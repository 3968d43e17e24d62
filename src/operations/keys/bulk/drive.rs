//! Acts on many keys where a front end waits for each step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::client::{ApiError, CHANGES_FOR, all_need_sign_in};
use crate::domain::{AccessKey, KeyId};
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::bulk::{
    BATCH, BulkAct, BulkRun, KeyResult, PAGE, RunStep, Selection, Survey, Walk, WalkStep,
};
use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter as _;

/// How often the same is tried while the server doesn't answer, once something was changed.
const TRIES: u32 = 5;

/// Reads all keys of a selection; IDs that are not there are told.
pub(crate) async fn survey(
    access: &mut impl Access,
    selection: Selection,
    act: BulkAct,
    now: DateTime<Utc>,
    mut each: impl FnMut(Result<&AccessKey, KeyId>),
) -> Flow<Survey> {
    let (mut walk, mut survey) = (Walk::new(selection), Survey::new(act, now));
    loop {
        let keys = match walk.step() {
            WalkStep::Keys(keys) => keys,
            WalkStep::Page(request) => {
                let page = access.call(async |client| client.page(&request, PAGE).await).await?;
                walk.on_page(page)
            }
            WalkStep::Key(id) => {
                let read = access.try_call(async |client| client.key(&id).await).await?;
                walk.pass_key();
                match read {
                    Ok(key) => vec![key],
                    Err(ApiError::NotFound(_)) => {
                        each(Err(id));
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            WalkStep::End => return Ok(survey),
        };
        for key in keys {
            survey.note(&key);
            each(Ok(&key));
        }
    }
}

/// Changes keys, some at a time, and tells what became of each. A signal stops it after the changes in progress; what
/// was not tried is told where it is known which keys that are.
pub(crate) async fn run<A: Access>(
    access: &mut A,
    run: &mut BulkRun,
    mut each: impl FnMut(&mut A::Prompter, &BulkRun, &KeyResult),
) -> Flow<()> {
    let stop = change_all(access, run, &mut each).await?;
    for rest in run.take_rest() {
        each(access.prompter(), run, &rest);
    }
    match (stop, run.broken_off.take()) {
        (Some(stop), _) => Err(stop.into()),
        (None, Some(failure)) => Err(Interrupt::Failed(failure)),
        (None, None) => Ok(()),
    }
}

async fn change_all<A: Access>(
    access: &mut A,
    run: &mut BulkRun,
    each: &mut impl FnMut(&mut A::Prompter, &BulkRun, &KeyResult),
) -> Flow<Option<Stop>> {
    loop {
        let next = run.step(BATCH);
        for result in run.take_results() {
            each(access.prompter(), run, &result);
        }
        match next {
            RunStep::Read(request) => {
                let page = access.try_call(async |client| client.page(&request, PAGE).await).await?;
                run.on_page(page);
            }
            RunStep::Look(id) => {
                let key = access.try_call(async |client| client.key(&id).await).await?;
                run.on_key(key);
            }
            RunStep::Change(changes) => {
                let client = access.client().await?;
                let (stopped, begun) = (Arc::new(AtomicBool::new(false)), Instant::now());
                let is_stopped = Arc::clone(&stopped);
                let goes_on = move || !is_stopped.load(Ordering::Relaxed) && begun.elapsed() < CHANGES_FOR;
                // A task of its own: a signal ends the wait, and not what is under way.
                let mut call = tokio::spawn(async move { client.change_each(&changes, goes_on).await });
                let heard = access.prompter().wait(&mut call).await;
                let (done, stop) = match heard {
                    Ok(done) => (done, None),
                    Err(Interrupt::Stop(stop)) => {
                        stopped.store(true, Ordering::Relaxed);
                        (call.await, Some(stop))
                    }
                    Err(failed) => return Err(failed),
                };
                match done {
                    Ok(results) if all_need_sign_in(&results) && stop.is_none() && access.session_ended() => {
                        run.on_changed(Vec::new());
                    }
                    Ok(results) => run.on_changed(results),
                    Err(_) => run.broken_off = Some(Failure::new(Exit::Mistake, "The change was interrupted.")),
                }
                if stop.is_some() {
                    run.stopping = true;
                    for result in run.take_results() {
                        each(access.prompter(), run, &result);
                    }
                    return Ok(stop);
                }
            }
            RunStep::End => return Ok(None),
        }
        if let (Some(pause), Some((error, tries))) = (run.pause(), &run.trouble) {
            let is_busy = matches!(error, ApiError::TooMany { .. });
            if (run.tally.all() == 0 && !is_busy) || *tries >= TRIES {
                run.give_up();
                continue;
            }
            let why = error.to_string();
            access.prompter().warn(format!("{why} Trying again in {} s.", pause.as_secs()));
            access.prompter().wait(tokio::time::sleep(pause)).await?;
        }
    }
}
