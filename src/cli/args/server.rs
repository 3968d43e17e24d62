//! The command lines of `latchkey server`.

use clap::{Args, Subcommand};

use super::database::{DATABASE, DatabaseFileArgs};

/// What to do with a server that runs.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Sign access tokens with a new key
    #[command(long_about = ROTATE_SIGNING_KEY)]
    RotateSigningKey(RotateSigningKeyArgs),
    /// Encrypt all secrets with a new master key
    #[command(long_about = ROTATE_MASTER_KEY)]
    RotateMasterKey(RotateMasterKeyArgs),
}

/// Which server's master key to replace: that of the data folder, unless a database is named.
#[derive(Debug, Args)]
pub struct RotateMasterKeyArgs {
    /// The database that servers share
    #[arg(long, value_name = "URL", help = DATABASE)]
    pub database: Option<String>,
    #[command(flatten)]
    pub files: DatabaseFileArgs,
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

const ROTATE_MASTER_KEY: &str = "\
Encrypt all secrets with a new master key, while the servers run

Uses the same data as latchkey serve on this machine: its files (--data, --master-key-file) and its database, named by \
these options or by [serve] in the settings file. The new key is created next to the old one, as master.key.new, unless it \
is there. It is copied to the machines of all other servers; as long as one that runs doesn't have it, nothing happens. Then \
everything is encrypted anew, and the new file takes the place of the old one. Can be interrupted at any time and run again.";
