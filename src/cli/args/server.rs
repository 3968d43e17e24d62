//! The command lines of `latchkey server`.

use clap::{Args, Subcommand};

/// What to do with a server that runs.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Sign access tokens with a new key
    #[command(long_about = ROTATE_SIGNING_KEY)]
    RotateSigningKey(RotateSigningKeyArgs),
}

/// How to replace the key that signs access tokens.
#[derive(Debug, Args)]
pub struct RotateSigningKeyArgs {
    /// Refuse all access tokens of the old key at once: if others may know it
    #[arg(long)]
    pub now: bool,
    /// Don't ask for confirmation of --now; required without a terminal
    #[arg(long, requires = "now")]
    pub yes: bool,
}

const ROTATE_SIGNING_KEY: &str = "\
Sign access tokens with a new key, while the servers run

No access token is refused because of it: those of the old key are accepted until they have expired, an hour and some minutes \
later, and then the old key is deleted. Of several servers each signs with the new key once all know it. Superusers may do this.";
