//! `latchkey keys delete`, `activate`, `deactivate` and `edit` with several keys: one confirmation, and a word on each.

pub(super) mod input;
mod report;

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::cli::args::ManyArgs;
use crate::cli::connect::connect;
use crate::cli::connect_to_change;
use crate::cli::keys::FromNow;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::client::ApiError;
use crate::domain::{Filter, KeyId};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::activity::usage;
use crate::operations::keys::bulk::{self, BulkAct, BulkRun, Selection};
use crate::operations::keys::delete;
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Prompter as _, warn};
use crate::platform::prompt;
use crate::server::StoreAccess;
use report::ChangeReport;

/// Changes each key; `missing` is the exit code for one that is not there. The exit code is the highest of all.
pub(super) async fn run(
    args: ManyArgs,
    act: BulkAct,
    time: Option<FromNow>,
    missing: Exit,
    settings: &Context,
) -> Result<Exit, Failure> {
    let nothing = act.undone();
    if !args.yes && !args.dry_run && !prompt::is_possible() {
        let verb = act.verb().to_lowercase();
        let next = format!(
            "{nothing} Use --yes to {verb} these keys without confirmation, or --dry-run to see which they are."
        );
        return Err(Failure::usage("Can't ask for confirmation without a terminal.").next(next));
    }
    let ids = input::ids(&args.ids, nothing)?;
    if ids.is_empty() && args.search.is_none() && settings.format != Format::Json {
        warn(format!("standard input has no access key IDs. {nothing}"));
    }
    let mut access = if args.dry_run {
        connect(settings).await?
    } else {
        // From here on a signal stops after the keys under way.
        connect_to_change(settings, Prompts::guarded(), StoreAccess::Open).await?
    };
    let now = access.connection.client.server_time().await;
    let act = match (act, time) {
        (BulkAct::Edit { texts, .. }, Some(FromNow::Expires(end))) => {
            BulkAct::Edit { texts, expires_at: Some(end.at(now)) }
        }
        (BulkAct::Deactivate(_), Some(FromNow::Off(span))) => BulkAct::Deactivate(Some(now + span)),
        (act, _) => act,
    };
    // What a search found and someone else has deleted meanwhile is as it should be.
    let missing = if args.search.is_some() && act == BulkAct::Delete { Exit::Done } else { missing };
    let mut report = ChangeReport::new(settings.format, act.clone(), missing);
    let done = if args.dry_run {
        let told = |key: Result<&_, KeyId>| report.foresee(key, args.skip_unusual, now);
        let selection = selection(&args, ids);
        let done = bulk::drive::survey(&mut access, selection, act, now, told).await;
        if let (Ok(survey), Some(_)) = (&done, &args.search) {
            report.sum_up(&survey.summary(args.skip_unusual));
        }
        done.map(drop)
    } else {
        change(&mut access, &args, act, ids, &mut report, now).await
    };
    access.connection.end_session().await;
    let exit = report.end()?;
    done.map_err(Failure::from).map(|()| exit)
}

fn selection(args: &ManyArgs, ids: Vec<KeyId>) -> Selection {
    match &args.search {
        Some(text) => Selection::Matching(Filter { text: text.clone(), status: None }, HashSet::new()),
        None => Selection::Ids(ids),
    }
}

async fn change(
    access: &mut CommandAccess,
    args: &ManyArgs,
    act: BulkAct,
    ids: Vec<KeyId>,
    report: &mut ChangeReport,
    now: DateTime<Utc>,
) -> Flow<()> {
    let skip = args.skip_unusual;
    let mut run = match (args.yes, args.only_id()) {
        (true, _) if act == BulkAct::Delete && args.search.is_none() && !skip => {
            BulkRun::deletion(ids, now, Instant::now())
        }
        (true, _) => BulkRun::unasked(act, selection(args, ids), skip, now, Instant::now()),
        (false, Some(id)) => match confirm_one(access, id, report).await? {
            Some(key) => BulkRun::unasked(act, key, skip, now, Instant::now()),
            None => return Ok(()),
        },
        (false, None) => {
            let all = selection(args, ids);
            let survey = bulk::drive::survey(access, all.clone(), act, now, |_| {}).await?;
            if survey.todo(skip) > 0 {
                let production = access.connection.server.production();
                if let Err(why) = bulk::confirm(access.prompter(), &survey, Some(skip), production).await? {
                    return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, why)));
                }
            }
            BulkRun::confirmed(all, survey, skip, Instant::now())
        }
    };
    let done = bulk::drive::run(access, &mut run, |_, run, result| report.result(run, result)).await;
    if args.search.is_some() || done.is_err() {
        report.sum_up(&run.summary());
    }
    done
}

/// Asks for the end of the ID of the only key that is to be deleted; none if it isn't given, or there is no such key.
async fn confirm_one(access: &mut CommandAccess, id: &KeyId, report: &mut ChangeReport) -> Flow<Option<Selection>> {
    if let Some(name) = access.connection.server.production() {
        let question = format!("{name} is a production profile. Type its name to continue: ");
        if access.prompter().ask(question).await? != name {
            let why = format!("That doesn't match. {}", messages::NOTHING_DELETED);
            return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, why)));
        }
    }
    let key = match access.try_call(async |client| client.key(id).await).await? {
        Ok(key) => key,
        Err(ApiError::NotFound(_)) => {
            report.missing(id);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let impact = usage::impact_at(&access.client().await?, id).await;
    // The name of the profile was typed before.
    match delete::confirm(access.prompter(), &key, impact, None).await {
        // What was confirmed is deleted, not what the key has become meanwhile.
        Ok(Ok(())) => Ok(Some(Selection::Keys(vec![key]))),
        Ok(Err(_)) => {
            report.unconfirmed(id);
            Ok(None)
        }
        Err(Interrupt::Stop(stop)) => {
            report.unconfirmed(id);
            Err(stop.into())
        }
        Err(failed) => Err(failed),
    }
}
