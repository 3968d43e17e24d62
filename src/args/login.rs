//! What `login` is told.

use std::path::PathBuf;

use clap::Args;

/// Sign in, to check that one can, or to stay signed in
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Keep the session in a private file, for later commands and for the page
    #[arg(long)]
    pub remember: bool,
    /// Who signs in.
    #[arg(long, value_name = "NAME", help = "Who signs in [default: username of the profile, else it is asked]")]
    pub username: Option<String>,
    /// The file of the password, or - for standard input [default: it is asked]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
