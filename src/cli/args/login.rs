//! What `login` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Remember {
    /// In the kernel's keyring of this user, until it ends or the computer restarts
    Keyring,
    /// In a file (0600) in the state folder
    File,
}

/// Sign in, to check that one can, or to stay signed in
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Keep the session for later commands and for the page: in the kernel's keyring, or in a private file
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "keyring")]
    pub remember: Option<Remember>,
    /// Who signs in.
    #[arg(long, value_name = "NAME", help = "Who signs in [default: username of the profile, else it is asked]")]
    pub username: Option<String>,
    /// The file of the password, or - for standard input [default: it is asked]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
