//! The command lines that take a secret, which never is among them.

use std::path::PathBuf;

use clap::Args;

use super::path;
use crate::domain::{Content, KeyId};
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
