//! `latchkey server`: the keys of a server.

use super::args::{RotateSigningKeyArgs, ServerCommand};
use super::prompts::Prompts;
use super::{connect_to_change, output};
use crate::client::{Changed, NewSigningKey};
use crate::domain::InForce;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format;
use crate::operations::messages;
use crate::operations::prompter::Prompter as _;
use crate::platform::prompt;
use crate::server::StoreAccess;

/// Does what is asked about a server's keys.
pub(crate) async fn run(command: &ServerCommand, settings: &Context) -> Result<Exit, Failure> {
    match command {
        ServerCommand::RotateSigningKey(args) => rotate_signing_key(args, settings).await,
    }
}

async fn rotate_signing_key(args: &RotateSigningKeyArgs, settings: &Context) -> Result<Exit, Failure> {
    let asks = args.now && !args.yes;
    if asks && !prompt::is_possible() {
        return Err(Failure::usage("Can't ask for confirmation without a terminal.")
            .next(format!("{} Use --yes to replace the key without confirmation.", messages::NOTHING_CHANGED)));
    }
    let access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    access
        .work(async |server| {
            if asks {
                let profile = &server.server.profile.name;
                let question =
                    format!("Refuse all access tokens of {profile} that were issued so far? To confirm, type rotate: ");
                if Prompts::new().ask(question).await? != "rotate" {
                    return Err(Failure::new(Exit::Cancelled, messages::NOTHING_CHANGED));
                }
            }
            output::say(&rotated(&server.client.rotate_signing_key(args.now).await?))
        })
        .await
}

/// After a signing key was replaced.
fn rotated(done: &Changed<NewSigningKey>) -> String {
    let NewSigningKey { signing_key_id, old_accepted_until } = &done.result;
    let known = done.in_force.map(InForce::words).filter(|words| !words.is_empty());
    let known = known.map_or(String::new(), |words| format!(", known{words}"));
    let old = match old_accepted_until {
        Some(until) => format!("Access tokens of the old one are accepted until {}.", format::time(*until)),
        None => "Access tokens of the old one are refused.".to_owned(),
    };
    format!("The new signing key is {}{known}. {old}", signing_key_id.to_display(64))
}
