//! `latchkey keys create`: the destination first, then the key, then the secret's way there.

pub(super) mod hand_over;
pub(super) mod report;

use std::path::PathBuf;

use chrono::Utc;

use crate::cli::args::{CreateArgs, DeliveryArgs};
use crate::cli::connect_to_change;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::client::{CreateAttempt, Creation, NewKey};
use crate::config::Config;
use crate::domain::{AccessKey, Credentials, SecretKey};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{
    Delivery, DeliveryRequest, Destination, FilePattern, Rescue, SaveContent, bare, deliver, line,
};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::create::{already_exists, create, nothing_unfinished};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::server::StoreAccess;

/// Creates a key and brings its secret to where it was asked to.
pub async fn run(args: &CreateArgs, settings: &Context) -> Result<Exit, Failure> {
    // From here on no signal ends the program between a secret and its destination.
    let prompts = Prompts::guarded();
    let rescue = Rescue::prepare(&settings.dirs.state)?;
    let (destination, pattern) = match &args.delivery.secret_file {
        _ if args.hand_over.hand_over => (None, None),
        file => {
            let pattern = file.as_ref().map(|path| FilePattern::new(&path.to_string_lossy()));
            let pattern = pattern.filter(FilePattern::is_of_each);
            let (file, request) = (pattern.as_ref().map(FilePattern::unknown), args.delivery.request());
            let request = DeliveryRequest { file: file.as_deref().or(request.file), ..request };
            (Some(Destination::prepare(&request)?), pattern)
        }
    };
    let mut journal = PendingCreates::of(&Config::load(&settings.overrides, &settings.dirs)?);
    let mut access = connect_to_change(settings, prompts, StoreAccess::Create).await?;
    let made = make(args, settings, &mut access, &mut journal, (destination, pattern), &rescue).await;
    access.connection.end_session().await;
    Ok(made?)
}

/// Creates it in the session of `access`.
async fn make(
    args: &CreateArgs,
    settings: &Context,
    access: &mut CommandAccess,
    journal: &mut PendingCreates,
    (destination, pattern): (Option<Destination>, Option<FilePattern>),
    rescue: &Rescue,
) -> Flow<Exit> {
    if destination.is_none() {
        hand_over::check(access).await?;
    }
    let new = new_key(args, settings, access, journal).await?;
    let Some(destination) = destination else {
        return hand_over::make(&args.hand_over, access, &new, journal, settings, rescue, |_| None).await;
    };
    let named = |key: &AccessKey| pattern.as_ref().map(|pattern| pattern.of(key));
    let secret = SecretDelivery { destination, rename: Some(&named), args: &args.delivery, rescue, is_last: true };
    let made = secret.make(access, &new, journal, settings, async |key, secret, to| {
        report::write(settings.format, None, key, secret, to, rescue)
    });
    made.await
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
        let owner = access.owner();
        return Ok(journal
            .next(owner.as_ref(), Utc::now(), |text| access.prompts.warn(text))
            .ok_or_else(|| nothing_unfinished(journal, owner.as_ref()))?);
    }
    if settings.format != Format::Json {
        tell(journal, access, settings);
    }
    let now = access.connection.client.server_time().await;
    let expires_at = match args.expires {
        Some(expires) => expires.at(now),
        None => access.call(async |client| client.lifetimes().await).await?.default_end(now),
    };
    Ok(NewKey { attempt: CreateAttempt::random(), texts: args.texts.0.clone(), expires_at, replaces: None })
}

/// The name of a file for the secret of a new key, if it is another than the one that was made for it.
pub(super) type Rename<'a> = &'a dyn Fn(&AccessKey) -> Option<PathBuf>;

/// The way of a new secret out of a command.
pub(super) struct SecretDelivery<'a> {
    pub(super) destination: Destination,
    /// The file's name once the key has an ID.
    pub(super) rename: Option<Rename<'a>>,
    pub(super) args: &'a DeliveryArgs,
    pub(super) rescue: &'a Rescue,
    /// Whether the server is asked nothing more after it.
    pub(super) is_last: bool,
}

impl SecretDelivery<'_> {
    /// Creates a key, brings its secret to where it was asked to, and reports that.
    pub(super) async fn make(
        self,
        access: &mut CommandAccess,
        new: &NewKey,
        journal: &mut PendingCreates,
        settings: &Context,
        report: impl AsyncFnOnce(&AccessKey, &SecretKey, Delivery) -> Result<Exit, Failure>,
    ) -> Flow<Exit> {
        let Self { destination, rename, args, rescue, is_last } = self;
        let may_need_data = is_last && matches!(destination, Destination::Command(_));
        create(access, new, journal, async |access: &mut CommandAccess, creation| {
            if may_need_data {
                settings.embedded.stop().await; // the command may work on the data folder
            }
            let (key, secret) = match creation {
                Creation::New(key, secret) => (key, secret),
                Creation::Replayed(key) => return Err(already_exists(&key).into()),
            };
            let destination = match rename.and_then(|rename| rename(&key)) {
                Some(path) => destination.renamed(path),
                None => destination,
            };
            let credentials = Credentials { id: key.id.clone(), secret: secret.clone(), form: args.secret_format };
            let delivered = match credentials.text() {
                Ok(text) => {
                    let text = if args.no_newline { bare(text.trim_end_matches('\n')) } else { line(&text) };
                    let content = SaveContent::secret(text, secret.expose());
                    deliver(destination, &key.id, content, rescue, access.prompter()).await?
                }
                Err(why) => rescue.keep(&key.id, &line(secret.expose()), why.to_owned())?,
            };
            Ok(report(&key, &secret, delivered).await?)
        })
        .await
    }
}

/// Says what an earlier run left unfinished.
pub(super) fn tell(journal: &mut PendingCreates, access: &mut CommandAccess, settings: &Context) {
    let finish = settings.overrides.spell("Run latchkey keys create --finish, or open the page, to finish it.");
    if let Some(owner) = access.owner() {
        journal.tell(&owner, Utc::now(), &finish, |text| access.prompts.warn(text));
    }
}
