//! The command line.

pub mod admin;
mod login;
pub mod serve;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Wishes;
pub use login::LoginArgs;

const DATA: &str = "The data folder of the embedded server [default: $XDG_DATA_HOME/latchkey]";
const CONFIG: &str = "The file of settings [default: $XDG_CONFIG_HOME/latchkey/config.toml]";
const PROFILE: &str =
    "The profile to work with [env: LATCHKEY_PROFILE] [default: default_profile of the settings, else local]";

/// Manage API access keys: a full-screen page with its own server, for the terminal.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Args {
    /// The data folder of the embedded server.
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with = "url", help = DATA)]
    pub data: Option<PathBuf>,
    /// The file of settings.
    #[arg(long, global = true, value_name = "FILE", help = CONFIG)]
    pub config: Option<PathBuf>,
    /// The profile to work with.
    #[arg(long, global = true, value_name = "NAME", help = PROFILE)]
    pub profile: Option<String>,
    /// The base URL of a server that needs no profile
    #[arg(long, global = true, value_name = "URL", conflicts_with = "profile")]
    pub url: Option<String>,
    /// Remove everything that changes something
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Go on where the system refuses to hide this process's memory from other programs
    #[arg(long, global = true)]
    pub unhardened: bool,
    /// What to do instead of opening the page.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// What they wish of the settings.
    #[must_use]
    pub fn wishes(&self) -> Wishes {
        Wishes {
            config: self.config.clone(),
            profile: self.profile.clone(),
            url: self.url.clone(),
            data: self.data.clone(),
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
    /// Fill a new data folder with made-up keys, to try the program at size
    Fill {
        /// The data folder; it must not have keys yet
        folder: PathBuf,
        /// How many keys
        #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        keys: u64,
    },
    /// Serve a team: many administrators sign in over TLS, or through a proxy
    Serve(Box<serve::Serve>),
    /// Say who may sign in to the server on the data folder
    #[command(subcommand)]
    Admin(admin::Admin),
}
