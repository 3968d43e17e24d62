//! Rotating keys one after the other, each with a destination of its own.

use std::collections::HashSet;
use std::io;
use std::io::Write as _;

use serde::Serialize;

use super::{Places, plan};
use crate::cli::args::RotateArgs;
use crate::cli::connect::connect;
use crate::cli::connect_to_change;
use crate::cli::keys::create::SecretDelivery;
use crate::cli::keys::many::input;
use crate::cli::output;
use crate::cli::output::Out;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::client::ApiError;
use crate::config::Config;
use crate::domain::{AccessKey, Filter, KeyId};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{Delivery, Rescue, rescued};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::bulk::{Selection, Walk, WalkStep, counted};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::keys::rotate::{refusal, warnings};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Prompter as _, warn};
use crate::platform::prompt;
use crate::server::StoreAccess;

/// Keys a page: the contract's most.
const PAGE: usize = 1000;
/// Said where nothing is done.
const NOTHING: &str = "No key was rotated.";

/// What became of one key.
#[derive(Serialize)]
struct RotatedLine<'a> {
    /// The old key.
    id: &'a str,
    result: &'a str,
    new_id: Option<&'a str>,
    /// The file that holds the secret, if one does.
    file: Option<String>,
    why: Option<&'a str>,
}

/// The result on standard output, a line for each key as soon as it is known.
struct Lines {
    format: Format,
    out: Out,
    count: usize,
    worst: Exit,
}

/// Rotates every key that is named or found.
pub(super) async fn run(args: &RotateArgs, settings: &Context) -> Result<Exit, Failure> {
    let places = Places::of(args);
    check(args, &places)?;
    let ids = input::ids(&args.ids, NOTHING)?;
    if args.dry_run {
        return foresee(args, ids, settings).await;
    }
    // From here on no signal ends the program between a secret and its destination.
    let prompts = Prompts::guarded();
    let rescue = Rescue::prepare(&settings.dirs.state)?;
    let mut access = connect_to_change(settings, prompts, StoreAccess::Open).await?;
    let mut journal = PendingCreates::of(&Config::load(&settings.overrides, &settings.dirs)?);
    let mut lines = Lines { format: settings.format, out: output::stdout(), count: 0, worst: Exit::Done };
    let done: Flow<()> = async {
        let (keys, missing) = chosen(&mut access, selection(args, ids)).await?;
        for id in missing {
            lines.write(&id, "not_found", None, None, None, Exit::NotFound)?;
        }
        confirm(&mut access, args, &keys).await?;
        for key in keys {
            if access.prompter().guard().is_heard() {
                lines.write(&key.id, "not_tried", None, None, Some("interrupted"), Exit::Cancelled)?;
                continue;
            }
            rotate(&mut access, &key, args, (&places, &rescue), &mut journal, &mut lines, settings).await?;
        }
        Ok(())
    }
    .await;
    access.connection.end_session().await;
    let exit = lines.end()?;
    done.map_err(Failure::from).map(|()| exit)
}

/// Refuses what would put two secrets into one place, and what can't be asked.
fn check(args: &RotateArgs, places: &Places) -> Result<(), Failure> {
    if args.dry_run {
        return Ok(());
    }
    if !args.yes && !prompt::is_possible() {
        let next = format!("{NOTHING} Use --yes to rotate these keys without confirmation, or --dry-run to list them.");
        return Err(Failure::usage("Can't ask for confirmation without a terminal.").next(next));
    }
    if !places.is_of_each() && args.delivery.pipe_to.is_none() {
        return Err(Failure::usage(format!("Each new secret needs a place of its own. {NOTHING}"))
            .next("Use --secret-file with {id} in the name, such as '{id}.secret', or --pipe-to COMMAND."));
    }
    Ok(())
}

fn selection(args: &RotateArgs, ids: Vec<KeyId>) -> Selection {
    match &args.search {
        Some(text) => Selection::Matching(Filter { text: text.clone(), status: None }, HashSet::new()),
        None => Selection::Ids(ids),
    }
}

/// All keys that are meant, before the first is rotated: the new ones may match the search too. And the IDs of those that
/// are not there.
async fn chosen(access: &mut CommandAccess, selection: Selection) -> Flow<(Vec<AccessKey>, Vec<KeyId>)> {
    let (mut keys, mut missing, mut walk) = (Vec::new(), Vec::new(), Walk::new(selection));
    loop {
        match walk.step() {
            WalkStep::Keys(some) => keys.extend(some),
            WalkStep::Page(request) => {
                let page = access.call(async |client| client.page(&request, PAGE).await).await?;
                keys.extend(walk.on_page(page));
            }
            WalkStep::Key(id) => {
                match access.try_call(async |client| client.key(&id).await).await? {
                    Err(ApiError::NotFound(_)) => missing.push(id),
                    key => keys.push(key?),
                }
                walk.pass_key();
            }
            WalkStep::End => return Ok((keys, missing)),
        }
    }
}

async fn confirm(access: &mut CommandAccess, args: &RotateArgs, keys: &[AccessKey]) -> Flow<()> {
    let todo = keys.iter().filter(|key| refusal(key).is_none()).count();
    if args.yes || todo == 0 {
        return Ok(());
    }
    let question = format!("Rotate {}?", counted(todo as u64));
    if access.prompter().confirm(&question).await? {
        return Ok(());
    }
    Err(Interrupt::Failed(Failure::new(Exit::Cancelled, NOTHING)))
}

/// Rotates one key; says why not if it can't be. What would fail for the next one too is an error.
async fn rotate(
    access: &mut CommandAccess,
    key: &AccessKey,
    args: &RotateArgs,
    (places, rescue): (&Places, &Rescue),
    journal: &mut PendingCreates,
    lines: &mut Lines,
    settings: &Context,
) -> Flow<()> {
    if let Some(why) = refusal(key) {
        let (result, exit) = left_out(key, args);
        return Ok(lines.write(&key.id, result, None, None, Some(&why), exit)?);
    }
    let destination = match places.prepare(key, args) {
        Ok(destination) => destination,
        Err(why) => return Ok(lines.write(&key.id, "failed", None, None, Some(&why.message), why.exit)?),
    };
    let (new, _) = plan(access, key, args).await?;
    let rename = |new: &AccessKey| places.after(key, new);
    let secret = SecretDelivery { destination, rename: Some(&rename), args: &args.delivery, rescue, is_last: false };
    let mut told = None;
    let made = secret.make(access, &new, journal, settings, async |made, _, to| {
        let why =
            if let Delivery::Rescued(path, why) = &to { Some(rescued(&made.id, path, why).message) } else { None };
        let exit = if why.is_some() { Exit::Undelivered } else { Exit::Done };
        told = Some(());
        let file = to.file().map(|path| path.display().to_string());
        lines.write(&key.id, "rotated", Some(&made.id), file, why.as_deref(), exit)?;
        Ok(exit)
    });
    match made.await {
        Ok(_) => Ok(()),
        // Another key may well be rotated.
        Err(Interrupt::Failed(why)) if matches!(why.exit, Exit::Conflict | Exit::NotFound) && told.is_none() => {
            Ok(lines.write(&key.id, "failed", None, None, Some(&why.message), why.exit)?)
        }
        Err(other) => Err(other),
    }
}

/// What becomes of a key that can't be rotated: one that is named should be, one that a search finds need not.
const fn left_out(key: &AccessKey, args: &RotateArgs) -> (&'static str, Exit) {
    match (&key.rotation, &args.search) {
        (Some(_), _) => ("already", Exit::Done),
        (None, Some(_)) => ("kept", Exit::Done),
        (None, None) => ("failed", Exit::Conflict),
    }
}

/// Lists what would be done.
async fn foresee(args: &RotateArgs, ids: Vec<KeyId>, settings: &Context) -> Result<Exit, Failure> {
    let mut access = connect(settings).await?;
    let mut lines = Lines { format: settings.format, out: output::stdout(), count: 0, worst: Exit::Done };
    let done: Flow<()> = async {
        let (keys, missing) = chosen(&mut access, selection(args, ids)).await?;
        for id in missing {
            lines.write(&id, "not_found", None, None, None, Exit::NotFound)?;
        }
        for key in keys {
            if let Some(why) = refusal(&key) {
                let (result, exit) = left_out(&key, args);
                lines.write(&key.id, result, None, None, Some(&why), exit)?;
            } else {
                let (new, now) = plan(&mut access, &key, args).await?;
                let why = warnings(&key, &new, now).join(" ");
                let why = Some(why.as_str()).filter(|why| !why.is_empty());
                lines.write(&key.id, "would_be_rotated", None, None, why, Exit::Done)?;
            }
        }
        Ok(())
    }
    .await;
    access.connection.end_session().await;
    let exit = lines.end()?;
    done.map_err(Failure::from).map(|()| exit)
}

impl Lines {
    fn write(
        &mut self,
        id: &KeyId,
        result: &str,
        new: Option<&KeyId>,
        file: Option<String>,
        why: Option<&str>,
        exit: Exit,
    ) -> Result<(), Failure> {
        self.worst = self.worst.max(exit);
        let line = RotatedLine { id: id.raw_for_api(), result, new_id: new.map(KeyId::raw_for_api), file, why };
        let written = self.line(&line);
        self.count += 1;
        match output::done(written, &mut self.out) {
            // The keys are rotated whether or not someone reads on.
            Err(failure) if failure.exit == Exit::Done => Ok(()),
            written => written,
        }
    }

    fn line(&mut self, line: &RotatedLine<'_>) -> io::Result<()> {
        let out = &mut self.out;
        let file = line.file.as_deref().unwrap_or_default();
        match self.format {
            Format::Json => {
                out.write_all(if self.count == 0 { b"[\n" } else { b",\n" })?;
                output::write_json(out, line)
            }
            Format::Csv | Format::Tsv => {
                let mut rows = output::Rows::new(out, self.format);
                if self.count == 0 {
                    rows.row(["id", "result", "new_id", "file", "why"])?;
                }
                let (new, why) = (line.new_id.unwrap_or_default(), line.why.unwrap_or_default());
                rows.row([line.id, line.result, new, file, why].map(output::cell))?;
                rows.end()
            }
            Format::Table => {
                let result = if ["kept", "already"].contains(&line.result) { "left unchanged" } else { line.result };
                let mut text = format!("{}  {}", line.id, result.replace('_', " "));
                if let Some(new) = line.new_id {
                    text = format!("{text}, replaced by {new}");
                }
                if !file.is_empty() {
                    text = format!("{text}, secret in {file}");
                }
                if let Some(why) = line.why {
                    text = format!("{text}: {why}");
                }
                writeln!(out, "{}", output::one_line(&text))
            }
        }
    }

    fn end(mut self) -> Result<Exit, Failure> {
        let end: &[u8] = match self.format {
            Format::Json if self.count == 0 => b"[]\n",
            Format::Json => b"\n]\n",
            Format::Table | Format::Csv | Format::Tsv => b"",
        };
        if self.count == 0 && self.format != Format::Json {
            warn(NOTHING);
        }
        let written = self.out.write_all(end);
        match output::done(written, &mut self.out) {
            Err(failure) if failure.exit != Exit::Done => Err(failure),
            _ => Ok(self.worst),
        }
    }
}
