//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Manage API access keys: a full-screen page with its own server, for the terminal.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Args {
    /// The data folder of the embedded server [default: $`XDG_DATA_HOME/latchkey`]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Go on where the system refuses to hide this process's memory from other programs
    #[arg(long)]
    pub unhardened: bool,
    /// What to do instead of opening the page.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done without the page.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fill a new data folder with made-up keys, to try the program at size
    Fill {
        /// The data folder; it must not have keys yet
        folder: PathBuf,
        /// How many keys
        #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        keys: u64,
    },
}
