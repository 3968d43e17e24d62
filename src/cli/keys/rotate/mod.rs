//! `latchkey keys rotate`: a new key in place of one that is in use, and the end of its rotation.

mod many;
mod pair;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::create::{SecretDelivery, hand_over, report, tell};
use crate::cli::args::RotateArgs;
use crate::cli::connect_to_change;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::client::{NewKey, RotationEnd};
use crate::config::Config;
use crate::domain::{AccessKey, KeyId};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{DeliveryRequest, Destination, FilePattern, Rescue};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::pending::PendingCreates;
use crate::operations::keys::rotate::{Differences, begun, old_ends_at, refusal, successor, warnings};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::{Prompter as _, warn};
use crate::server::StoreAccess;

/// Does what was asked of one key or of many.
pub(super) async fn run(args: RotateArgs, settings: &Context) -> Result<Exit, Failure> {
    let end = match (args.finish, args.undo) {
        (true, _) => Some(RotationEnd::Finish),
        (_, true) => Some(RotationEnd::Undo),
        _ => None,
    };
    match args.only_id() {
        Some(id) if args.status => pair::status(id, settings).await,
        Some(id) => match end {
            Some(end) => pair::end(id, end, args.yes, settings).await,
            None => one(id, &args, settings).await,
        },
        None if args.status || end.is_some() => {
            Err(Failure::usage("--status, --finish and --undo take one access key ID."))
        }
        None if args.hand_over.hand_over => {
            Err(Failure::usage("--hand-over takes one access key ID: each code is for one person. No key was rotated."))
        }
        None => many::run(&args, settings).await,
    }
}

/// Rotates one key. Its destination is tried first where it needs nothing of the key, and else before the new one is made.
async fn one(id: &KeyId, args: &RotateArgs, settings: &Context) -> Result<Exit, Failure> {
    // From here on no signal ends the program between a secret and its destination.
    let prompts = Prompts::guarded();
    let rescue = Rescue::prepare(&settings.dirs.state)?;
    let places = Places::of(args);
    let to_other = args.hand_over.hand_over;
    let is_open = to_other || places.is_of_each();
    let fixed = if is_open { None } else { Some(Destination::prepare(&args.delivery.request())?) };
    let mut access = connect_to_change(settings, prompts, StoreAccess::Open).await?;
    let mut journal = PendingCreates::of(&Config::load(&settings.overrides, &settings.dirs)?);
    if settings.format != Format::Json {
        tell(&mut journal, &mut access, settings);
    }
    let made = async {
        if to_other {
            hand_over::check(&mut access).await?;
        }
        let key = access.call(async |client| client.key(id).await).await?;
        let destination = match fixed {
            Some(fixed) => Some(fixed),
            None if to_other => None,
            None => Some(places.prepare(&key, args)?),
        };
        let (new, now) = plan(&mut access, &key, args).await?;
        for warning in warnings(&key, &new, now) {
            access.prompter().warn(warning);
        }
        let ends_at = |made: &AccessKey| old_ends_at(&key, &new, made.created_at);
        let Some(destination) = destination else {
            let args = &args.hand_over;
            return hand_over::make(args, &mut access, &new, &mut journal, settings, &rescue, |made| {
                tell_end(&key, ends_at(made), made, settings);
                Some(ends_at(made))
            })
            .await;
        };
        let rename = |new: &AccessKey| places.after(&key, new);
        let secret =
            SecretDelivery { destination, rename: Some(&rename), args: &args.delivery, rescue: &rescue, is_last: true };
        let exit = secret.make(&mut access, &new, &mut journal, settings, async |made, secret, to| {
            let ends = ends_at(made);
            let exit = report::write(settings.format, Some(ends), made, secret, to, &rescue)?;
            tell_end(&key, ends, made, settings);
            Ok(exit)
        });
        exit.await
    };
    let made: Flow<Exit> = made.await;
    access.connection.end_session().await;
    Ok(made?)
}

/// Says until when the old key works, for people.
fn tell_end(old: &AccessKey, ends: DateTime<Utc>, made: &AccessKey, settings: &Context) {
    if settings.format == Format::Table {
        warn(begun(&old.id, ends, made.created_at));
    }
}

/// What is asked for in place of a key, and the server's time.
async fn plan(access: &mut CommandAccess, key: &AccessKey, args: &RotateArgs) -> Flow<(NewKey, DateTime<Utc>)> {
    if let Some(why) = refusal(key) {
        return Err(Failure::new(Exit::Conflict, why).next("Nothing was changed.").into());
    }
    let now = access.connection.client.server_time().await;
    let overlap = args.overlap.seconds(now).map_err(|why| Failure::usage(format!("--overlap: {why}.")))?;
    let expires_at = args.expires.map(|expires| expires.at(now));
    Ok((successor(key, overlap, Differences { texts: args.texts.0.clone(), expires_at }), now))
}

/// The files of the new secrets, if each key has one of its own.
struct Places(Option<FilePattern>);

impl Places {
    fn of(args: &RotateArgs) -> Self {
        let pattern = args.delivery.secret_file.as_ref().map(|path| FilePattern::new(&path.to_string_lossy()));
        Self(pattern.filter(FilePattern::is_of_each))
    }

    const fn is_of_each(&self) -> bool {
        self.0.is_some()
    }

    /// Tries the destination for the secret of a key's successor.
    fn prepare(&self, key: &AccessKey, args: &RotateArgs) -> Result<Destination, Failure> {
        let label = args.texts.0.get("label").unwrap_or(key.label.raw_for_api());
        let file = self.0.as_ref().map(|pattern| pattern.before(key, label));
        let request = args.delivery.request();
        Destination::prepare(&DeliveryRequest { file: file.as_deref().or(request.file), ..request })
    }

    /// The name of its file once it is made, if that is another.
    fn after(&self, old: &AccessKey, new: &AccessKey) -> Option<PathBuf> {
        self.0.as_ref()?.after(old, new)
    }
}
