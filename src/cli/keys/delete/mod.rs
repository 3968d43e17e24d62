//! `latchkey keys delete`: several keys, and a word on each.

mod input;
mod outcome;

use crate::cli::args::DeleteArgs;
use crate::cli::connect_to_change;
use crate::cli::prompts::Prompts;
use crate::client::{ApiError, Changed, Connection};
use crate::domain::KeyId;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::prompter::{Prompter as _, warn};
use crate::operations::{delete, messages};
use crate::platform::prompt;
use crate::server::StoreAccess;
use outcome::{DeleteOutcome, DeleteReport};

/// Deletes each key in turn. The exit code is the highest of all.
pub async fn run(args: DeleteArgs, settings: &Context) -> Result<Exit, Failure> {
    if !args.yes && (args.ids.contains(&None) || !prompt::is_possible()) {
        return Err(Failure::usage("Can't ask for confirmation without a terminal.")
            .next(format!("{} Use --yes to delete these keys without confirmation.", messages::NOTHING_DELETED)));
    }
    let ids = input::ids(&args.ids)?;
    if ids.is_empty() && settings.format != Format::Json {
        warn(format!("standard input has no access key IDs. {}", messages::NOTHING_DELETED));
    }
    let access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    access.work(async |server| delete_all(&ids, &args, server, settings.format).await).await
}

async fn delete_all(ids: &[KeyId], args: &DeleteArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    if !args.yes && server.server.profile.production {
        let name = &server.server.profile.name;
        let answer = Prompts::new().ask(format!("{name} is a production profile. Type its name to continue: ")).await?;
        if answer != *name {
            return Err(Failure::new(Exit::Cancelled, format!("That doesn't match. {}", messages::NOTHING_DELETED)));
        }
    }
    let mut worst = Exit::Done;
    let mut report = DeleteReport::new(format);
    for id in ids {
        // Without a permission, a server or a user who answers, the rest would fail in the same way.
        let goes_on = !matches!(worst, Exit::Denied | Exit::Unreachable | Exit::Cancelled);
        let (outcome, exit) =
            if goes_on { delete_one(id, args, server).await } else { (DeleteOutcome::Kept("not tried"), worst) };
        worst = worst.max(exit);
        report.line(id, &outcome);
    }
    report.end()?;
    Ok(worst)
}

async fn delete_one(id: &KeyId, args: &DeleteArgs, server: &Connection) -> (DeleteOutcome, Exit) {
    let missing = if args.ignore_missing { Exit::Done } else { Exit::NotFound };
    let failed = |error: ApiError| {
        let failure = Failure::from(error);
        (DeleteOutcome::Failed(failure.message), failure.exit)
    };
    let mut revision = None;
    if !args.yes {
        match server.client.key(id).await {
            Err(ApiError::NotFound(_)) => return (DeleteOutcome::NotFound, missing),
            Err(error) => return failed(error),
            // The name of a production profile was typed once for all keys.
            Ok(key) => match delete::confirm(&mut Prompts::new(), &key, None).await.map_err(Failure::from) {
                // What was confirmed is deleted, not what the key has become meanwhile.
                Ok(Ok(())) => revision = key.revision,
                Ok(Err(_)) => return (DeleteOutcome::Kept("not confirmed"), Exit::Cancelled),
                Err(failure) if failure.exit == Exit::Cancelled => {
                    return (DeleteOutcome::Kept("not confirmed"), failure.exit);
                }
                Err(failure) => return (DeleteOutcome::Failed(failure.message), failure.exit),
            },
        }
    }
    match server.client.delete(id, revision).await {
        Ok(Changed { result: true, in_force }) => (DeleteOutcome::Deleted(in_force), Exit::Done),
        Ok(_) => (DeleteOutcome::NotFound, missing),
        Err(error) => failed(error),
    }
}
