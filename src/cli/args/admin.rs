//! `latchkey admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::path;
use crate::operations::prompts::input;
use crate::platform::secret_input::SecretSource;
use crate::server::Role;

/// What to do about administrators: of the data folder, whether a server runs on it or not, or as a superuser of the
/// server of a profile.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Add an administrator
    Add {
        /// Name to sign in with (case-insensitive)
        #[arg(value_parser = input::name)]
        username: String,
        /// superuser (manages keys and administrators), administrator (manages keys) or auditor (read-only)
        #[arg(long, default_value = "administrator", value_parser = role)]
        role: Role,
        /// Where the password is read from
        #[command(flatten)]
        password: Password,
    },
    /// List administrators with role, creation date and last sign-in
    List,
    /// Set a password and end all of the administrator's sessions
    Passwd {
        /// The administrator's user name
        username: String,
        /// Where the password is read from
        #[command(flatten)]
        password: Password,
    },
    /// Give an administrator another role, which applies to open sessions at once
    Role {
        /// The administrator's user name
        username: String,
        /// superuser (manages keys and administrators), administrator (manages keys) or auditor (read-only)
        #[arg(value_parser = role)]
        role: Role,
        /// Even if no one else could manage keys or administrators
        #[arg(long)]
        last: bool,
    },
    /// Remove an administrator and end all of their sessions
    Remove {
        /// The administrator's user name
        username: String,
        /// Remove without asking for confirmation
        #[arg(long)]
        yes: bool,
        /// Remove even the last administrator who can manage keys, or the last superuser
        #[arg(long)]
        last: bool,
    },
}

/// Where the password comes from. Never an argument: others could read it in the list of processes.
#[derive(Debug, Args)]
pub struct Password {
    /// Read the password from a private file, or from standard input (-) [default: prompt]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub password_file: Option<PathBuf>,
}

impl Password {
    /// Where it is read from; none is a question.
    pub fn source(&self) -> Option<SecretSource> {
        self.password_file.as_deref().map(|file| SecretSource::of_option(Some(file), ""))
    }
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "must be superuser, administrator or auditor".to_owned())
}
