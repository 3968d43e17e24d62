//! The command lines of `latchkey events`, `sessions`, `revoke` and `passwd`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::path;
use crate::domain::KeyId;
use crate::operations::keys::activity::history::kind;
use crate::operations::keys::due::within;
use crate::operations::keys::since::since;
use crate::operations::prompts::input;

/// How soon something needs attention.
#[derive(Debug, Args)]
pub struct DueArgs {
    /// Within how many days keys expire: 7d, 30d, up to 366d
    #[arg(long, value_name = "DAYS", default_value = "7d", value_parser = within)]
    pub within: u16,
}

/// Which events to list.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Only events of this key, which may be deleted
    #[arg(long, value_name = "ID", value_parser = input::key_id)]
    pub key: Option<KeyId>,
    /// Only what this administrator did
    #[arg(long, value_name = "NAME", value_parser = input::name)]
    pub by: Option<String>,
    /// Only what was done to this administrator
    #[arg(long, value_name = "NAME", value_parser = input::name)]
    pub admin: Option<String>,
    /// Only these kinds, separated by commas, e.g. deleted,edited; the manual page lists them
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    pub kind: Vec<String>,
    /// Only events since then: 24h, 7d, 2027-01-31, 2027-01-31 18:00 or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
    /// Maximum number of events [default: all; with --follow, 10 before the new ones]
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Wait for new events and write them as they come, oldest first
    #[arg(long)]
    pub follow: bool,
}

/// What to do about sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List your sessions; as a superuser, everyone's
    List,
    /// End sessions, which are then signed out at once
    End {
        /// IDs of sessions, as sessions list shows them
        #[arg(required = true, value_name = "ID", value_parser = input::name)]
        ids: Vec<String>,
    },
}

/// What to do about secrets that are handed over.
#[derive(Debug, Subcommand)]
pub enum HandOversCommand {
    /// List those that wait to be opened, and those that ended in the last 7 days
    List,
    /// Take back secrets that haven't been opened: their codes stop working
    TakeBack {
        /// IDs of hand-overs, as hand-overs list shows them
        #[arg(required = true, value_name = "ID", value_parser = input::name)]
        ids: Vec<String>,
    },
    /// Acknowledge that someone tried to open secrets again, or that they were never received, which ends the alarm
    Acknowledge {
        /// IDs of hand-overs, as hand-overs list shows them
        #[arg(required = true, value_name = "ID", value_parser = input::name)]
        ids: Vec<String>,
    },
}

/// What to revoke.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// What to revoke
    #[arg(required = true, value_name = "WHAT")]
    pub what: Vec<Revoked>,
    /// Don't ask for confirmation; required without a terminal
    #[arg(long)]
    pub yes: bool,
}

/// What can be revoked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Revoked {
    /// Every access token that was issued so far; keys stay as they are
    Tokens,
    /// Every session of every administrator, yours too
    Sessions,
}

/// Where the passwords come from. Never an argument: others could read it in the list of processes.
#[derive(Debug, Args)]
pub struct PasswdArgs {
    /// Read the old password from a private file, or from standard input (-) [default: prompt]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub old_password_file: Option<PathBuf>,
    /// Read the new password from a private file, or from standard input (-) [default: prompt]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub password_file: Option<PathBuf>,
}
