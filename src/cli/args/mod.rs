//! The command line.

pub mod admin;
mod backup;
pub mod database;
mod delivery;
mod keys;
mod login;
mod secrets;
pub mod serve;
mod server;
mod trail;
pub mod webhook;

use std::path::PathBuf;

use crate::operations::actions::{ActionId, summary};
use crate::operations::format::Format;
use crate::operations::prompts::input;
use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

pub use crate::domain::looks_secret;
pub use crate::operations::prompts::input::key_id;
pub use backup::{BackupArgs, RestoreArgs};
pub use delivery::{DeliveryArgs, HandOverArgs};
use keys::long;
pub use keys::{
    CreateArgs, DeactivateArgs, DeleteArgs, EditArgs, IdOrDash, IdentifyArgs, KeysCommand, ListArgs, ManyArgs,
    RotateArgs, ShowArgs, UsageArgs,
};
pub use secrets::{DoctorArgs, HmacArgs, ReceiveArgs, TokenArgs, VerifyArgs};
pub use server::{RotateMasterKeyArgs, RotateSigningKeyArgs, ServerCommand};
pub use trail::{DueArgs, EventsArgs, HandOversCommand, PasswdArgs, RevokeArgs, Revoked, SessionsCommand};

use crate::client::Forward;
use crate::config::Overrides;
use crate::domain::ClipboardChoice;
pub use login::{LoginArgs, Remember};

const DATA: &str = "Data folder of the embedded server [default: $XDG_DATA_HOME/latchkey]";
const MASTER_KEY: &str =
    "Existing file with the master key, e.g. from a secret manager [default: master.key in the data folder]";
const CONFIG: &str = "Settings file [default: $XDG_CONFIG_HOME/latchkey/config.toml]";
const PROFILE: &str = "Profile to use [env: LATCHKEY_PROFILE] [default: default_profile from the settings, else local]";

/// Options that every command has stand apart from its own.
const EVERYWHERE: &str = "Global options";
const PLAIN: &str =
    "Use plain lines instead of the page, for screen readers, serial consoles and expect [env: LATCHKEY_PLAIN=1]";
const CLIPBOARD: &str = "Clipboard that the page copies to [default: clipboard from the settings, else auto]";

const BACKUP: &str = "\
Back up a data folder to one file, also while a server works on it

The file holds keys, events, administrators and the master key: anyone who can read it can decrypt every secret. It is checked \
before it gets its name, and is whole or not there.";

const RESTORE: &str = "\
Restore a data folder from a backup

The backup is checked first, and what it would bring back is said: keys that were deleted since, removed administrators, \
earlier passwords. Access tokens and sessions from before the restore are no longer good. Stop the server first.";

/// Takes the name of a clipboard; completions know them all.
fn clipboard() -> impl TypedValueParser<Value = ClipboardChoice> {
    PossibleValuesParser::new(ClipboardChoice::NAMES).try_map(|name| name.parse::<ClipboardChoice>())
}

/// Takes the name of a file or folder, and no secret.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(input::path)
}

/// Manage API access keys in the terminal
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, after_help = crate::operations::failure::EXIT_CODES)]
pub struct Args {
    /// The data folder of the embedded server.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FOLDER", conflicts_with = "url", help = DATA, value_parser = path())]
    pub data: Option<PathBuf>,
    /// The file with the master key.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", conflicts_with = "url", help = MASTER_KEY, value_parser = path())]
    pub master_key_file: Option<PathBuf>,
    /// The file of settings.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", help = CONFIG, value_parser = path())]
    pub config: Option<PathBuf>,
    /// The profile to work with.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME", help = PROFILE, value_parser = input::name)]
    pub profile: Option<String>,
    /// Base URL of a server to use without a profile
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "URL", conflicts_with = "profile")]
    pub url: Option<String>,
    /// Clipboard to copy to
    #[arg(long, value_name = "WAY", help = CLIPBOARD, value_parser = clipboard())]
    pub clipboard: Option<ClipboardChoice>,
    /// Plain lines in place of the page
    #[arg(long, help = PLAIN)]
    pub plain: bool,
    /// Connect to a host through another address, e.g. an SSH forward; its name and certificate are still verified
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "HOST:PORT=ADDRESS:PORT")]
    pub connect_to: Option<Forward>,
    /// Trust the certificates in this PEM file too: of an authority, or the server's own [default: the profile's]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", conflicts_with = "data")]
    pub ca_file: Option<PathBuf>,
    /// Disable every action that changes keys
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub read_only: bool,
    /// Continue even if process memory cannot be protected
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub unhardened: bool,
    /// Output format of results and errors
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, value_name = "FORM", default_value_t)]
    pub output: Format,
    /// What to do instead of opening the page.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// What the arguments set in place of the settings.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            profile: self.profile.clone(),
            url: self.url.clone(),
            data: self.data.clone(),
            master_key: self.master_key_file.clone(),
            clipboard: self.clipboard,
            connect_to: self.connect_to.clone(),
            ca_file: self.ca_file.clone(),
            read_only: self.read_only,
        }
    }
}

/// The commands, which work without the page.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in (use --remember to stay signed in)
    Login(LoginArgs),
    #[command(about = summary(ActionId::SignOut))]
    Logout,
    #[command(about = summary(ActionId::Password), long_about = long(ActionId::Password, PASSWD))]
    Passwd(PasswdArgs),
    /// Manage access keys
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(about = summary(ActionId::Due), long_about = long(ActionId::Due, DUE))]
    Due(DueArgs),
    #[command(about = summary(ActionId::Events), long_about = long(ActionId::Events, EVENTS))]
    Events(EventsArgs),
    /// Generate an HMAC token from a secret access key (step two of three)
    Hmac(HmacArgs),
    /// Exchange an ID and secret for an access token (step three of three)
    Token(TokenArgs),
    /// Verify an access token
    Verify(VerifyArgs),
    /// Receive a secret that an administrator hands over, with a one-time code
    #[command(long_about = RECEIVE)]
    Receive(ReceiveArgs),
    #[command(subcommand, about = summary(ActionId::HandOvers))]
    HandOvers(HandOversCommand),
    /// Diagnose a key, secret or connection
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all pages to a folder
    Man {
        /// Folder for one page per command; created if missing
        #[arg(long, value_name = "FOLDER", value_parser = path())]
        dir: Option<PathBuf>,
    },
    /// Run a team server that administrators sign in to over TLS or through a proxy
    Serve(Box<serve::Serve>),
    #[command(subcommand, about = summary(ActionId::Admins))]
    Admin(admin::Admin),
    /// Set up the `PostgreSQL` database that several servers share
    #[command(subcommand)]
    Db(Box<database::Db>),
    /// Back up a data folder to one file, also while a server works on it
    #[command(long_about = BACKUP)]
    Backup(BackupArgs),
    /// Restore a data folder from a backup
    #[command(long_about = RESTORE)]
    Restore(RestoreArgs),
    #[command(subcommand, about = summary(ActionId::Sessions))]
    Sessions(SessionsCommand),
    #[command(about = summary(ActionId::Revoke))]
    Revoke(RevokeArgs),
    /// Replace the keys of a server
    #[command(subcommand)]
    Server(ServerCommand),
    /// Try the webhook of a server
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
}

const RECEIVE: &str = "\
Receive a secret that an administrator hands over, with a one-time code

The code, and a PIN if there is one, are asked for without showing them, or read from standard input: the code in the first \
line, the PIN in the second. No sign-in is needed. The destination is checked before the code is used, and the server is told \
that the secret has arrived only when it is there: until then, for 10 minutes, the same command can be run again on this \
computer with the same code. The server can't read the secret: it is decrypted here.

If someone else has used the code before, you get no secret, and the administrators are told.";

const PASSWD: &str = "\
Signs you out everywhere else; this session stays open. The current password is required to protect your account if you \
leave a session open.";

const DUE: &str = "\
For cron: if nothing is due, nothing is written and the exit code is 0; else each is a line, alarms of hand-overs first and \
then the earliest, and the exit code is 11. With --output json it is one array.";

const EVENTS: &str = "\
Events of deleted keys and removed administrators are in it too. The newest come first.

With --output json each event is a JSON object on a line of its own, with old and new values in changes. Kinds are created, \
edited, reactivated, used, refused, deleted, rotated, rotation_finished, rotation_undone, handed_over, handover_opened, \
handover_confirmed, handover_taken_back, handover_expired (never opened), handover_tried_too_often (wrong codes or PINs), \
handover_opened_again (others may know the code), handover_acknowledged, exported (keys list for another program), signed_in, sign_in_refused, signed_out, \
session_ended, admin_added, password_changed, role_changed, admin_removed, tokens_revoked, sessions_revoked, restored, \
master_key_rotated and signing_key_rotated. What administrators did is kept for good; used, refused and sign_in_refused are \
kept as long as the server says (--keep-events).";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::operations::actions::ACTIONS;

    #[test]
    fn every_command_of_the_catalogue_is_there_with_its_summary() {
        for action in ACTIONS.iter().filter(|action| !action.command.is_empty()) {
            let whole = Args::command();
            let mut command = &whole;
            for word in action.command.split(' ') {
                command = command.find_subcommand(word).unwrap();
            }
            assert_eq!(command.get_about().unwrap().to_string(), action.summary);
        }
    }
}
