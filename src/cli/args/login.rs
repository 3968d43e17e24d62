//! What `login` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::path;
use crate::operations::prompts::input;

/// Where a session is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Remember {
    /// In this user's kernel keyring, until the session ends or the computer restarts
    Keyring,
    /// In a private file (0600) in the state folder
    File,
}

/// Sign in (use --remember to stay signed in)
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Keep the session for later commands and the page, in the kernel keyring or a private file
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "keyring")]
    pub remember: Option<Remember>,
    /// Who signs in.
    #[arg(long, value_name = "NAME", help = "User name [default: the profile's, otherwise prompts]", value_parser = input::name)]
    pub username: Option<String>,
    /// Password file, or - for standard input [default: prompt]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub password_file: Option<PathBuf>,
}
