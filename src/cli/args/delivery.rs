//! Where a new secret goes, on the command line of every command that makes one.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};

use super::path;
use crate::domain::CredentialsForm;
use crate::operations::deliver::DeliveryRequest;
use crate::operations::handover::ttl;
use crate::operations::prompts::input;

/// What is said of a secret that can't go to its destination.
const NO_KEY: &str = "No key was made.";

/// Where a new secret goes, and in which form.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("destination").args(["secret_file", "secret_fd", "pipe_to"]))]
pub struct DeliveryArgs {
    /// Print the secret even if standard output is a terminal
    #[arg(long, conflicts_with_all = ["secret_file", "secret_fd", "pipe_to"])]
    pub show: bool,
    /// Write the secret and a newline to this new file, readable only by you; never overwrites
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_fd", "pipe_to"], value_parser = path())]
    pub secret_file: Option<PathBuf>,
    /// Write the secret and a newline to this file descriptor, opened by the shell: 3 or higher, not a terminal
    #[arg(long, value_name = "N", conflicts_with = "pipe_to")]
    pub secret_fd: Option<u32>,
    /// Pass the secret and a newline to this command (run by sh -c) on standard input
    #[arg(long, value_name = "COMMAND", value_parser = input::command)]
    pub pipe_to: Option<String>,
    /// What is written there: the secret alone, or the ID too as .env, JSON, CSV or an AWS credentials file
    #[arg(long, value_name = "FORM", requires = "destination", default_value = "secret", value_parser = form())]
    pub secret_format: CredentialsForm,
    /// Leave out the newline after the secret, for programs that would store it
    #[arg(long, requires = "destination")]
    pub no_newline: bool,
}

/// What brings the secret to this computer. Each option of a hand-over conflicts with it: what conflicts with an option isn't
/// missed by those that require that option.
const NOT_HERE: [&str; 2] = ["show", "destination"];

/// Handing the secret over to someone else.
#[derive(Debug, Args)]
pub struct HandOverArgs {
    /// Hand the secret over to someone else: prints a code that opens it once, with latchkey receive or curl
    #[arg(long, conflicts_with_all = NOT_HERE)]
    pub hand_over: bool,
    /// How long the code is valid, from 1m to 7d
    #[arg(long, requires = "hand_over", conflicts_with_all = NOT_HERE, value_name = "TIME", default_value = "1h", value_parser = ttl)]
    pub ttl: TimeDelta,
    /// Require a PIN too, which is generated and printed: send it another way than the code
    #[arg(long, requires = "hand_over", conflicts_with_all = NOT_HERE)]
    pub pin: bool,
}

impl DeliveryArgs {
    /// Where the secret goes.
    pub fn request(&self) -> DeliveryRequest<'_> {
        DeliveryRequest {
            file: self.secret_file.as_deref(),
            descriptor: self.secret_fd,
            command: self.pipe_to.as_deref(),
            show: self.show,
            undone: NO_KEY,
        }
    }
}

pub(super) fn form() -> impl TypedValueParser<Value = CredentialsForm> {
    PossibleValuesParser::new(CredentialsForm::NAMES).try_map(|name| name.parse::<CredentialsForm>())
}
