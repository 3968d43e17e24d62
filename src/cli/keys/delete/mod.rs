//! `latchkey keys delete`: several keys, and a word on each.

mod input;
mod outcome;

use crate::cli::args::DeleteArgs;
use crate::cli::prompts::Prompts;
use crate::cli::{connect_to_change, output};
use crate::client::ApiError;
use crate::domain::{AccessKey, KeyId};
use crate::operations::connect::Connection;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::prompter::Prompter as _;
use crate::platform::prompt;
use outcome::{DeleteOutcome, DeleteReport};

/// Deletes each key in turn. The exit code is the highest of all.
pub async fn run(args: DeleteArgs, settings: &Context) -> Result<Exit, Failure> {
    if !args.yes && (args.ids.contains(&None) || !prompt::is_possible()) {
        return Err(Failure::usage("There is no terminal to ask on: nothing was deleted.")
            .next("Say --yes if these keys shall be deleted without a question."));
    }
    let ids = input::ids(&args.ids)?;
    let server = connect_to_change(settings).await?;
    let result = delete_all(&ids, &args, &server, settings.format).await;
    server.close().await;
    result
}

async fn delete_all(ids: &[KeyId], args: &DeleteArgs, server: &Connection, format: Format) -> Result<Exit, Failure> {
    if !args.yes && server.profile.production {
        let name = &server.profile.name;
        let answer = Prompts::new().ask(format!("{name} is a production profile. Type its name to go on: ")).await?;
        if answer != *name {
            return Err(Failure::new(Exit::Cancelled, "That is not its name: nothing was deleted."));
        }
    }
    let mut worst = Exit::Done;
    let mut report = DeleteReport::new(format);
    for id in ids {
        // Without a permission, a server or somebody who answers the rest would only go alike.
        let goes_on = !matches!(worst, Exit::Denied | Exit::Unreachable | Exit::Cancelled);
        let (outcome, exit) =
            if goes_on { delete_one(id, args, server).await } else { (DeleteOutcome::not_tried(), worst) };
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
        (DeleteOutcome::failed(failure.message), failure.exit)
    };
    if !args.yes {
        match server.client.key(id).await {
            Err(ApiError::NotFound(_)) => return (DeleteOutcome::not_found(), missing),
            Err(error) => return failed(error),
            Ok(key) => match confirm(&key).await {
                Ok(true) => {}
                Ok(false) => return (DeleteOutcome::not_confirmed(), Exit::Cancelled),
                Err(failure) if failure.exit == Exit::Cancelled => {
                    return (DeleteOutcome::not_confirmed(), failure.exit);
                }
                Err(failure) => return (DeleteOutcome::failed(failure.message), failure.exit),
            },
        }
    }
    match server.client.remove(id).await {
        Ok(true) => (DeleteOutcome::deleted(), Exit::Done),
        Ok(false) => (DeleteOutcome::not_found(), missing),
        Err(error) => failed(error),
    }
}

/// Shows the key and asks for the end of its ID, as the screen does.
async fn confirm(key: &AccessKey) -> Result<bool, Failure> {
    let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", output::time(at)));
    let (id, label, status) = (key.id.to_display(KeyId::MAX_CHARS), key.label.to_display(60), key.status.as_str());
    let question = format!("{id}  {label}  {status}, {used}\nType the last four characters of its ID to delete it: ");
    Ok(Prompts::new().ask(question).await?.eq_ignore_ascii_case(&key.id.last_four()))
}
