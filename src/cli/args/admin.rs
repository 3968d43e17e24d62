//! `latchkey admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::server::Role;

/// What to do about administrators. It works on the data folder, whether a server runs on it or not.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Add an administrator
    Add {
        /// The name to sign in with; capitals are taken as small letters
        username: String,
        /// superuser or administrator (may manage keys), or auditor (may only look)
        #[arg(long, default_value = "administrator", value_parser = role)]
        role: Role,
        /// Where the password is read from
        #[command(flatten)]
        password: Password,
    },
    /// Show all administrators: name, role, when they were added and last signed in
    List,
    /// Set a password; ends all sessions of the administrator
    Passwd {
        /// Whose password
        username: String,
        /// Where the password is read from
        #[command(flatten)]
        password: Password,
    },
    /// Remove an administrator; ends all their sessions at once
    Remove {
        /// Whom to remove
        username: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Also if nobody is left who may manage keys
        #[arg(long)]
        last: bool,
    },
}

/// Where the password comes from. Never an argument: others could read it in the list of processes.
#[derive(Debug, Args)]
pub struct Password {
    /// Take the password from a file that nobody else may read, or from standard input (-) [default: ask for it]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "it must be superuser, administrator or auditor".to_owned())
}
