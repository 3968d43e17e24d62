//! The command line of `latchkey keys`.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::error::ErrorKind;
use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Subcommand};

use super::delivery::{DeliveryArgs, HandOverArgs};
use super::path;
use crate::domain::key::fields;
use crate::domain::{KeyId, Order, SEARCH_FILTERS, Sort, Status, Texts};
use crate::operations::actions::{ActionId, summary};
use crate::operations::keys::activate::a_while;
use crate::operations::keys::expiry::{Expires, expires};
use crate::operations::keys::rotate::{Overlap, overlap};
use crate::operations::prompts::input;

/// What can be done with access keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    #[command(about = summary(ActionId::List), long_about = long(ActionId::List, LIST), after_long_help = searches())]
    List(ListArgs),
    #[command(about = summary(ActionId::Show))]
    Show(ShowArgs),
    #[command(about = summary(ActionId::Usage), long_about = long(ActionId::Usage, USAGE))]
    Usage(UsageArgs),
    #[command(about = summary(ActionId::Identify), long_about = long(ActionId::Identify, IDENTIFY))]
    Identify(IdentifyArgs),
    #[command(about = summary(ActionId::Create), long_about = long(ActionId::Create, CREATE))]
    Create(CreateArgs),
    #[command(about = summary(ActionId::Rotate), long_about = long(ActionId::Rotate, ROTATE))]
    Rotate(RotateArgs),
    #[command(about = summary(ActionId::Edit), long_about = long(ActionId::Edit, MANY))]
    Edit(EditArgs),
    #[command(about = summary(ActionId::Activate), long_about = long(ActionId::Activate, MANY))]
    #[command(override_usage = usage("activate"))]
    Activate(ManyArgs),
    #[command(about = summary(ActionId::Deactivate), long_about = long(ActionId::Deactivate, MANY))]
    #[command(override_usage = usage("deactivate"))]
    Deactivate(DeactivateArgs),
    #[command(about = summary(ActionId::Delete), long_about = long(ActionId::Delete, &format!("{DELETE}\n\n{MANY}")))]
    #[command(override_usage = usage("delete"))]
    Delete(DeleteArgs),
}

const LIST: &str = "\
Keys are fetched and written page by page, so a million keys take little more memory than a thousand. Every key that is \
there all the time is listed once, even if it is used or edited meanwhile: a list of more than a thousand keys that is \
sorted by something that can change is read a second time, and what had moved comes last. Times are in UTC, as their Z says; the page and plain lines show local time. JSON is one array with one key a line; if the list is interrupted, the array stays open and the exit code is not 0.";

const USAGE: &str = "\
Uses are exchanges of the key and requests with access tokens made from it. The server counts them by the hour and keeps \
the counts for 90 days. Up to 7 days are reported by hour, more by day, in UTC. In each hour the first ten addresses \
are counted separately. CSV has a row for each hour or day that had any; JSON has everything.";

const IDENTIFY: &str = "\
For a secret or a token that has leaked. The text is read from standard input, or asked for without echo on a terminal; it is \
never an argument. It may be a line of a log, JSON or a whole file: Secret access keys, access tokens (also expired ones) and \
access key IDs are found in it wherever they are, and HMAC tokens if the access key ID and the content are in it too. A \
secret with a wrong checksum is not sent. What is found goes to the server in the body of a request; nothing of it is stored \
or logged there, or counted as a use. Exit code 4: it is that of no key.

With --scan, files of any size are looked through, binary ones too, and a folder with all folders in it; symbolic links in it are \
not followed. Each place is written as file:line:column, or as a byte offset in binary files, and never what was found there. \
A secret of another server is found too, by its checksum. HMAC tokens are not: they have no mark of their own. \
For CI and pre-commit hooks: exit code 0 if nothing was found, 10 if something was, 1 if some files could not be read.";

const CREATE: &str = "\
The secret is written to standard output only if that is not a terminal, or with --show. The destination is checked before \
the key is created: a file is created, and for a command, sh must understand it and find its first word. In --secret-file, \
{id} stands for the new key's ID and {label} for its label. If delivery still \
fails, the secret is offered again on a terminal; without one it is saved in a private file in the state folder, which the \
message names (exit code 8).";

const ROTATE: &str = "\
The new key has an ID and a secret of its own, and the old key's label, owner, note and expiry unless you give others. Both \
work until the overlap ends; then the old one is refused. The destination of the secret is checked before the key is \
created, as by keys create. In --secret-file, {id} stands for the new key's ID, {old} for the old one's and {label} for the \
label.

Several keys are rotated one after the other, and the result of each is reported. Running the same command again does the \
rest: keys that are being rotated are left as they are.

--status, --finish and --undo take the ID of either key. Use of the old key after its end is an event, and is shown with \
the key.";

const ROTATE_USAGE: &str = "latchkey keys rotate [OPTIONS] <ID>...\n       latchkey keys rotate [OPTIONS] --search <QUERY>\n       latchkey keys rotate <--status|--finish|--undo> <ID>";

const DELETE: &str = "\
Access tokens made from a key stop working with it. On a terminal, you confirm one key by typing the last four characters \
of its ID, and several by typing a phrase such as delete 40.";

const MANY: &str = "\
Several keys are changed, up to eight at a time: those whose IDs are given, or all that --search finds. Before that, you are \
told how many there are and what is unusual among them, and confirm it once. The result of each key is reported, and the \
exit code is the highest of all. Ctrl-C stops after the current changes. If the connection fails, it is tried again a few \
times; running the same command again does the rest, since keys that are already so are left as they are.";

/// How a command is called that changes one key or many.
fn usage(command: &str) -> String {
    format!("latchkey keys {command} [OPTIONS] <ID>...\n       latchkey keys {command} [OPTIONS] --search <QUERY>")
}

/// What `--search` takes.
fn searches() -> String {
    let forms = SEARCH_FILTERS.map(|(form, meaning)| format!("  {form:<18}  {meaning}")).join("\n");
    format!(
        "Search: words are found in {}, in any order, without regard to case and accents; \"two words\" in quotes are found \
         together. Filters:\n{forms}\n\nDays are those of your time zone. A word with a colon that is no filter goes in quotes.",
        fields::searched()
    )
}

/// The summary of an action, then what `--help` says besides.
pub(super) fn long(id: ActionId, details: &str) -> String {
    format!("{}\n\n{details}", summary(id))
}

/// Which keys to list, and in which order.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only keys that match: words, and filters such as owner:jo unused:90d -test (see --help)
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true, value_parser = input::search, default_value = "", hide_default_value = true)]
    pub search: String,
    /// Only keys of this view: all, active, expiring, expired, inactive, unused, never-used, no-owner, rotating,
    /// reactivating, mine, refused, or one of the settings
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// Only keys with this status: active, inactive or expired
    #[arg(long, value_parser = input::status)]
    pub status: Option<Status>,
    /// The field to sort by
    #[arg(long, value_name = "FIELD", help = format!("Sort by {}, or short: by, created, expires, used", Sort::ALL.map(Sort::as_str).join(", ")), value_parser = input::sort, default_value = "created_at")]
    pub sort: Sort,
    /// Direction: asc or desc [default: newest first, or A to Z]
    #[arg(long, value_parser = input::order)]
    pub order: Option<Order>,
    /// Maximum number of keys
    #[arg(long, value_name = "N", value_parser = limit, allow_negative_numbers = true)]
    pub limit: Option<u64>,
}

fn limit(text: &str) -> Result<u64, &'static str> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or("enter a number from 1 up")
}

/// Which key to show.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The access key ID
    #[arg(value_parser = input::key_id)]
    pub id: KeyId,
    /// Also show its history, newest first
    #[arg(long)]
    pub events: bool,
}

/// Of which key to tell the use.
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// The access key ID
    #[arg(value_parser = input::key_id)]
    pub id: KeyId,
    /// How many days, from 1 to 90
    #[arg(long, value_name = "N", value_parser = input::usage_days, default_value = "30")]
    pub days: u16,
}

/// Where to look, and what to do then.
#[derive(Debug, Args)]
pub struct IdentifyArgs {
    /// Look through this file, or all files in this folder, for secrets and access tokens; - is standard input
    #[arg(long, value_name = "FILE|DIR", value_parser = path())]
    pub scan: Option<PathBuf>,
    /// Then deactivate the keys that were found and are active
    #[arg(long)]
    pub deactivate: bool,
    /// Deactivate them without confirmation; required without a terminal
    #[arg(long, requires = "deactivate")]
    pub yes: bool,
}

/// The new key, and where its secret goes.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Its texts.
    #[command(flatten)]
    pub texts: TextArgs,
    /// Expiry: 90d, tomorrow, 2027-01-31 (end of that day), 2027-01-31T18:00:00Z or never [default: the server's
    /// default, or never]
    #[arg(long, value_name = "WHEN", value_parser = expires, allow_hyphen_values = true)]
    pub expires: Option<Expires>,
    /// Finish the key creation that an earlier run was cut off from: gets its secret if the key was created, or creates the
    /// key now, as it was asked for then
    #[arg(long, conflicts_with_all = text_names().chain(["expires"]))]
    pub finish: bool,
    /// Where its secret goes.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// To someone else instead.
    #[command(flatten)]
    pub hand_over: HandOverArgs,
}

/// Which keys to rotate and how, or what to do with a rotation that is under way.
#[derive(Debug, Args)]
#[command(override_usage = ROTATE_USAGE)]
#[command(group = ArgGroup::new("pair").args(["finish", "undo", "status"]).conflicts_with_all(
    text_names().map(clap::Id::from).chain(
        ["expires", "overlap", "search", "dry_run", "show", "secret_file", "secret_fd", "pipe_to", "hand_over"].map(clap::Id::from))
    .collect::<Vec<_>>()))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct RotateArgs {
    /// Access key IDs; - reads them from standard input, one per line
    #[arg(required_unless_present = "search", value_name = "ID", value_parser = input::key_id_or_dash)]
    pub ids: Vec<IdOrDash>,
    /// All keys that match: words, and filters such as expires:<30d (see latchkey keys list --help)
    #[arg(long, value_name = "QUERY", conflicts_with = "ids", allow_hyphen_values = true, value_parser = input::search_of_many)]
    pub search: Option<String>,
    /// How long the old key still works: now, 1h, 24h, 7d, 30d, or until a time such as 2027-01-31
    #[arg(long, value_name = "TIME", value_parser = overlap, default_value = Overlap::DEFAULT)]
    pub overlap: Overlap,
    /// Texts of the new key, where they differ from the old one's.
    #[command(flatten)]
    pub texts: TextArgs,
    /// Expiry of the new key: 90d, tomorrow, 2027-01-31, 2027-01-31T18:00:00Z or never [default: the old key's]
    #[arg(long, value_name = "WHEN", value_parser = expires, allow_hyphen_values = true)]
    pub expires: Option<Expires>,
    /// End the old key now; asks if it was used lately
    #[arg(long)]
    pub finish: bool,
    /// Delete the new key, if it was not used yet, and give the old one its expiry again
    #[arg(long)]
    pub undo: bool,
    /// Show both keys of the rotation, and whether it is safe to finish
    #[arg(long)]
    pub status: bool,
    /// List what would be done to each key, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Don't ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Where the new secret goes.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// To someone else instead.
    #[command(flatten)]
    pub hand_over: HandOverArgs,
}

impl RotateArgs {
    /// The only key that is meant, if just one is named.
    pub fn only_id(&self) -> Option<&KeyId> {
        match self.ids.as_slice() {
            [Some(id)] if !self.dry_run => Some(id),
            _ => None,
        }
    }
}

/// What to change: at least one text or the expiry.
#[derive(Debug, Args)]
#[command(override_usage = usage("edit"))]
#[command(group = ArgGroup::new("new").args(text_names().chain(["expires"])).required(true).multiple(true))]
pub struct EditArgs {
    /// Which keys.
    #[command(flatten)]
    pub which: ManyArgs,
    /// Its texts.
    #[command(flatten)]
    pub texts: TextArgs,
    /// New expiry: 90d, tomorrow, 2027-01-31, 2027-01-31T18:00:00Z or never
    #[arg(long, value_name = "WHEN", value_parser = expires)]
    pub expires: Option<Expires>,
}

/// Texts of a key: an option for each field that users write.
#[derive(Debug)]
pub struct TextArgs(pub Texts);

fn text_names() -> impl Iterator<Item = &'static str> {
    fields::written().map(|(field, _)| field.name)
}

impl Args for TextArgs {
    fn augment_args(command: Command) -> Command {
        command.args(fields::written().map(|(field, text)| {
            let help = format!("{}; up to {} characters", text.help, text.max_chars);
            let check =
                move |typed: &str| input::set_text(&mut Texts::default(), field, typed).map(|()| typed.to_owned());
            Arg::new(field.name).long(field.name).value_name("TEXT").help(help).value_parser(check)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TextArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut texts = Texts::default();
        for (field, _) in fields::written() {
            if let Some(text) = matches.get_one::<String>(field.name) {
                texts.set(field, text).map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(Self(texts))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Which keys to change, and how surely.
#[derive(Clone, Debug, Args)]
pub struct ManyArgs {
    /// Access key IDs; - reads them from standard input, one per line
    #[arg(required_unless_present = "search", value_name = "ID", value_parser = input::key_id_or_dash)]
    pub ids: Vec<IdOrDash>,
    /// All keys that match: words, and filters such as unused:90d (see latchkey keys list --help)
    #[arg(long, value_name = "QUERY", conflicts_with = "ids", allow_hyphen_values = true, value_parser = input::search_of_many)]
    pub search: Option<String>,
    /// Leave out what --dry-run gives a reason for: keys that were used in the last 7 days, say "do not delete", ...
    #[arg(long)]
    pub skip_unusual: bool,
    /// List what would be done to each key, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Don't ask for confirmation; required without a terminal
    #[arg(long)]
    pub yes: bool,
}

impl ManyArgs {
    /// The only key that is meant, if just one is named.
    pub fn only_id(&self) -> Option<&KeyId> {
        match self.ids.as_slice() {
            [Some(id)] if !self.dry_run => Some(id),
            _ => None,
        }
    }
}

/// Which keys to deactivate.
#[derive(Debug, Args)]
pub struct DeactivateArgs {
    /// Which keys.
    #[command(flatten)]
    pub which: ManyArgs,
    /// For a while: 15m, 1h, 1d, up to 7d; then they become active again by themselves [default: for good]
    #[arg(long = "for", value_name = "TIME", value_parser = a_while)]
    pub a_while: Option<TimeDelta>,
}

/// Which keys to delete.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Which keys.
    #[command(flatten)]
    pub which: ManyArgs,
    /// Treat a key that doesn't exist as deleted
    #[arg(long)]
    pub ignore_missing: bool,
}

/// An ID; none means "from standard input".
pub type IdOrDash = Option<KeyId>;
