//! `latchkey server`: the keys of a server.

use crate::cli::admin::actor;
use crate::cli::args::{RotateMasterKeyArgs, RotateSigningKeyArgs, ServerCommand};
use crate::cli::prompts::Prompts;
use crate::cli::{connect_to_change, options, output};
use crate::client::{Changed, NewSigningKey};
use crate::config::Config;
use crate::domain::InForce;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format;
use crate::operations::messages;
use crate::operations::prompts::prompter::Prompter as _;
use crate::platform::prompt;
use crate::server::StoreAccess;
use crate::server::rotation::{self, Rotated, RotationError};

/// Does what is asked about a server's keys.
pub(crate) async fn run(command: &ServerCommand, settings: &Context) -> Result<Exit, Failure> {
    match command {
        ServerCommand::RotateSigningKey(args) => rotate_signing_key(args, settings).await,
        ServerCommand::RotateMasterKey(_) => rotate_master_key(settings).await,
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

/// Works on the data that `latchkey serve` would serve.
async fn rotate_master_key(settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey server rotate-master-key")?;
    if settings.overrides.read_only {
        return Err(Failure::new(Exit::Denied, "--read-only is set.").next(messages::NOTHING_CHANGED));
    }
    let of_file = Config::of_serve(&settings.overrides, &settings.dirs)?;
    let path = ["server", "rotate-master-key"];
    let args: RotateMasterKeyArgs = options::options(&path, &std::env::args_os().collect::<Vec<_>>(), &of_file)?;
    let database = args.database.as_deref().map(|url| args.files.address(url)).transpose()?;
    let (data, named) = options::folder(settings, &of_file)?;
    let began = || {
        let _ = output::say("Every server has the new master key. Encrypting all secrets with it.");
    };
    let done = rotation::rotate_master_key(data, named, database, actor(), began).await?;
    output::say(&replaced(&done))
}

/// After the master key was replaced.
fn replaced(done: &Rotated) -> String {
    let Rotated { secrets, file, beside, is_shared } = done;
    let file = file.display();
    let place = match beside {
        Some(new) => format!("It can't be moved here: put {} in the place of {file}.", new.display()),
        None => format!("It is now {file}."),
    };
    let others = if *is_shared { " On each other server, put FILE.new in the place of FILE too." } else { "" };
    format!(
        "All secrets are encrypted with the new master key ({secrets} in this run). {place}{others} Nothing needs the old \
         one any more: destroy its copies, except for backups from before."
    )
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Data(error) => error.into(),
            RotationError::Lacking { .. } | RotationError::OtherFile { .. } => {
                Self::new(Exit::Conflict, format!("{error}."))
            }
            error => Self::new(Exit::Mistake, error.to_string()),
        }
    }
}
