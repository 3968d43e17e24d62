//! The command line.

pub mod admin;
mod keys;
mod login;
mod secrets;
pub mod serve;

use std::path::PathBuf;

use crate::operations::format::Format;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

pub use crate::domain::looks_secret;
pub use crate::operations::input::key_id;
pub use keys::{CreateArgs, DeleteArgs, EditArgs, IdOrDash, KeysCommand, ListArgs, NewValues, ShowArgs};
pub use secrets::{DoctorArgs, HmacArgs, TokenArgs, VerifyArgs};

use crate::client::Forward;
use crate::config::Overrides;
use crate::domain::ClipboardChoice;
pub use login::{LoginArgs, Remember};

const DATA: &str = "The data folder of the embedded server [default: $XDG_DATA_HOME/latchkey]";
const CONFIG: &str = "The file of settings [default: $XDG_CONFIG_HOME/latchkey/config.toml]";
const PROFILE: &str =
    "The profile to work with [env: LATCHKEY_PROFILE] [default: default_profile of the settings, else local]";

/// Options that every command has stand apart from its own.
const EVERYWHERE: &str = "Options of every command";
const PLAIN: &str =
    "Plain lines in place of the page: for screen readers, serial consoles, expect [env: LATCHKEY_PLAIN=1]";
const CLIPBOARD: &str = "The clipboard that the page copies to [default: clipboard of the settings, else auto]";

/// Takes the name of a clipboard; completions know them all.
fn clipboard() -> impl TypedValueParser<Value = ClipboardChoice> {
    PossibleValuesParser::new(ClipboardChoice::NAMES).try_map(|name| name.parse::<ClipboardChoice>())
}

/// Manage API access keys: a full-screen page with its own server, for the terminal.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, about, after_help = crate::operations::failure::EXIT_CODES)]
pub struct Args {
    /// The data folder of the embedded server.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FOLDER", conflicts_with = "url", help = DATA)]
    pub data: Option<PathBuf>,
    /// The file of settings.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", help = CONFIG)]
    pub config: Option<PathBuf>,
    /// The profile to work with.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME", help = PROFILE)]
    pub profile: Option<String>,
    /// The base URL of a server that needs no profile
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "URL", conflicts_with = "profile")]
    pub url: Option<String>,
    /// The clipboard to copy to
    #[arg(long, value_name = "WAY", help = CLIPBOARD, value_parser = clipboard())]
    pub clipboard: Option<ClipboardChoice>,
    /// Plain lines in place of the page
    #[arg(long, help = PLAIN)]
    pub plain: bool,
    /// Connect to a server by another way, such as an SSH forward; its name and certificate stay checked
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "HOST:PORT=ADDRESS:PORT")]
    pub connect_to: Option<Forward>,
    /// Remove everything that changes something
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub read_only: bool,
    /// Go on where the system refuses to hide this process's memory from other programs
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub unhardened: bool,
    /// The form of results and errors
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, value_name = "FORM", default_value_t)]
    pub output: Format,
    /// What to do instead of opening the page.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// What they wish of the settings.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            profile: self.profile.clone(),
            url: self.url.clone(),
            data: self.data.clone(),
            clipboard: self.clipboard,
            connect_to: self.connect_to.clone(),
            read_only: self.read_only,
        }
    }
}

/// What can be done without the page.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in, to check that one can, or to stay signed in
    Login(LoginArgs),
    /// End the remembered session, and forget it
    Logout,
    /// List, show, create, edit, switch and delete access keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Make an HMAC token from a secret access key: step two of three
    Hmac(HmacArgs),
    /// Exchange ID and secret for an access token: step three of three
    Token(TokenArgs),
    /// Say whether an access token is good, and whose it is
    Verify(VerifyArgs),
    /// Say what is wrong: with a key, a secret or an HMAC token, or with the way to the server
    Doctor(DoctorArgs),
    /// Write completions for a shell to standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output, or all pages into a folder
    Man {
        /// The folder for one page a command; it is made if missing
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
    /// Serve a team: many administrators sign in over TLS, or through a proxy
    Serve(Box<serve::Serve>),
    /// Say who may sign in to the server on the data folder
    #[command(subcommand)]
    Admin(admin::Admin),
}
