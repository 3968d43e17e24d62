//! `latchkey backup` and `latchkey restore`.

use std::path::PathBuf;

use clap::Args;

use super::path;

/// Where a backup goes.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The new file, readable only by you; - is standard output, e.g. for a pipe to age or gpg
    #[arg(value_name = "FILE", value_parser = path())]
    pub file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// What is restored.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup; - is standard input
    #[arg(value_name = "FILE", value_parser = path())]
    pub file: PathBuf,
    /// Restore without asking for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Replace the keys and administrators that are there; their files are moved to a folder in it, not deleted
    #[arg(long)]
    pub replace: bool,
}
