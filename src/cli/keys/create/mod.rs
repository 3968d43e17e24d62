//! `latchkey keys create`: the destination first, then the key, then the secret's way there.

mod report;

use chrono::Utc;

use crate::cli::args::CreateArgs;
use crate::cli::connect_to_change;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::client::{CreateAttempt, Creation, NewKey};
use crate::config::Config;
use crate::domain::Credentials;
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{Destination, Rescue, SaveContent, bare, deliver, line};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::create::{already_exists, create};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::messages::NOTHING_UNFINISHED;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::server::StoreAccess;

/// Creates a key and brings its secret to where it was asked to.
pub async fn run(args: &CreateArgs, settings: &Context) -> Result<Exit, Failure> {
    // From here on no signal ends the program between a secret and its destination.
    let prompts = Prompts::guarded();
    let rescue = Rescue::prepare(&settings.dirs.state)?;
    let destination = Destination::prepare(&args.delivery())?;
    let mut journal = PendingCreates::of(&Config::load(&settings.overrides, &settings.dirs)?);
    let mut access = connect_to_change(settings, prompts, StoreAccess::Create).await?;
    let made = make(args, settings, &mut access, &mut journal, destination, &rescue).await;
    access.connection.end_session().await;
    Ok(made?)
}

/// Creates it in the session of `access`.
async fn make(
    args: &CreateArgs,
    settings: &Context,
    access: &mut CommandAccess,
    journal: &mut PendingCreates,
    destination: Destination,
    rescue: &Rescue,
) -> Flow<Exit> {
    let new = new_key(args, settings, access, journal).await?;
    let may_need_data = matches!(destination, Destination::Command(_));
    create(access, &new, journal, async |access: &mut CommandAccess, creation| {
        if may_need_data {
            settings.embedded.stop().await; // the command may work on the data folder
        }
        let (key, secret) = match creation {
            Creation::New(key, secret) => (key, secret),
            Creation::Replayed(key) => return Err(already_exists(&key).into()),
        };
        let credentials = Credentials { id: key.id.clone(), secret: secret.clone(), form: args.secret_format };
        let text = match credentials.text() {
            Ok(text) => text,
            Err(why) => {
                let kept = rescue.keep(&key.id, &line(secret.expose()), why.to_owned())?;
                return Ok(report::write(settings.format, &key, &secret, kept, rescue)?);
            }
        };
        let text = if args.no_newline { bare(text.trim_end_matches('\n')) } else { line(&text) };
        let content = SaveContent::secret(text, secret.expose());
        let delivered = deliver(destination, &key.id, content, rescue, access.prompter()).await?;
        Ok(report::write(settings.format, &key, &secret, delivered, rescue)?)
    })
    .await
}

/// What is to be created: as the arguments say, or what an earlier run left unfinished.
async fn new_key(
    args: &CreateArgs,
    settings: &Context,
    access: &mut CommandAccess,
    journal: &mut PendingCreates,
) -> Flow<NewKey> {
    if args.finish {
        access.client().await?; // whose it is must be known
        let nothing = || Failure::new(Exit::NotFound, NOTHING_UNFINISHED.to_owned());
        return Ok(journal.next(access.owner().as_ref(), Utc::now()).ok_or_else(nothing)?);
    }
    if settings.format != Format::Json {
        tell_left_over(journal, access, settings);
    }
    let now = access.connection.client.server_time().await;
    let expires_at = match args.expires {
        Some(expires) => expires.at(now),
        None => access.call(async |client| client.lifetimes().await).await?.default_end(now),
    };
    Ok(NewKey { attempt: CreateAttempt::random(), texts: args.texts.0.clone(), expires_at, replaces: None })
}

/// Says what an earlier run left unfinished.
fn tell_left_over(journal: &mut PendingCreates, access: &mut CommandAccess, settings: &Context) {
    let finish = settings.overrides.spell("Run latchkey keys create --finish, or open the page, to finish it.");
    if let Some(owner) = access.owner() {
        journal.tell(&owner, Utc::now(), &finish, |text| access.prompts.warn(text));
    }
}
