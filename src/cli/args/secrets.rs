//! The command lines that take a secret, which never is among them.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::delivery::form;
use super::path;
use crate::domain::{Content, CredentialsForm, KeyId};
use crate::operations::deliver::DeliveryRequest;
use crate::operations::prompts::input;

/// Where a secret or token comes from: standard input if it is not a terminal, else a masked prompt.
#[derive(Debug, Args)]
pub struct SecretFrom {
    /// Read the secret from this file; - is standard input
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub secret_file: Option<PathBuf>,
}

/// What `latchkey hmac` is given.
#[derive(Debug, Args)]
pub struct HmacArgs {
    /// Where the secret access key comes from.
    #[command(flatten)]
    pub secret: SecretFrom,
    /// Text to hash [default: 32 random hex digits, printed with the token]
    #[arg(long, value_name = "TEXT", value_parser = input::content)]
    pub content: Option<Content>,
    /// Print a curl command instead, for this access key ID and the current server
    #[arg(long, value_name = "ID", value_parser = input::key_id)]
    pub curl: Option<KeyId>,
}

/// What `latchkey token` is given.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The access key ID
    #[arg(value_parser = input::key_id)]
    pub id: KeyId,
    /// Where the secret access key comes from.
    #[command(flatten)]
    pub secret: SecretFrom,
    /// Text to hash [default: 32 random hex digits]
    #[arg(long, value_name = "TEXT", value_parser = input::content)]
    pub content: Option<Content>,
    /// Print the access token even if standard output is a terminal
    #[arg(long)]
    pub show: bool,
}

/// What `latchkey verify` is given.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Read the access token from this file; - is standard input
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub token_file: Option<PathBuf>,
}

/// Where a secret that is handed over goes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("destination").args(["secret_file", "secret_fd", "pipe_to"]))]
pub struct ReceiveArgs {
    /// Print the secret even if standard output is a terminal
    #[arg(long, conflicts_with = "destination")]
    pub show: bool,
    /// Write the secret and a newline to this new file, readable only by you; never overwrites
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub secret_file: Option<PathBuf>,
    /// Write the secret and a newline to this file descriptor, opened by the shell: 3 or higher, not a terminal
    #[arg(long, value_name = "N")]
    pub secret_fd: Option<u32>,
    /// Pass the secret and a newline to this command (run by sh -c) on standard input
    #[arg(long, value_name = "COMMAND", value_parser = input::command)]
    pub pipe_to: Option<String>,
    /// What is written there: the secret alone, or the ID too as .env, JSON, CSV or an AWS credentials file
    #[arg(long, value_name = "FORM", requires = "destination", default_value = "secret", value_parser = form())]
    pub secret_format: CredentialsForm,
}

impl ReceiveArgs {
    /// Where the secret goes.
    pub fn delivery(&self) -> DeliveryRequest<'_> {
        DeliveryRequest {
            file: self.secret_file.as_deref(),
            descriptor: self.secret_fd,
            command: self.pipe_to.as_deref(),
            show: self.show,
            undone: "Nothing was opened.",
        }
    }
}

/// What `latchkey doctor` is given.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Access key ID that fails; without it, only the server and the connection are checked
    #[arg(value_parser = input::key_id)]
    pub id: Option<KeyId>,
    /// Where the secret access key comes from.
    #[command(flatten)]
    pub secret: SecretFrom,
    /// Text that was hashed
    #[arg(long, value_name = "TEXT", value_parser = input::content, requires = "id")]
    pub content: Option<Content>,
    /// Read the rejected HMAC token from this file; - is standard input
    #[arg(long, value_name = "FILE", requires_all = ["id", "content"], value_parser = path())]
    pub hmac_file: Option<PathBuf>,
}
