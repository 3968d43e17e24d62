//! The command lines that take a secret, which never stands among them.

use std::path::PathBuf;

use clap::Args;

use crate::domain::{Content, KeyId};
use crate::operations::input;

/// Where a secret or token comes from: standard input if it is not a terminal, else a masked prompt.
#[derive(Debug, Args)]
pub struct SecretFrom {
    /// Read the secret from this file instead; - is standard input
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// What `latchkey hmac` is given.
#[derive(Debug, Args)]
pub struct HmacArgs {
    /// Where the secret access key comes from.
    #[command(flatten)]
    pub secret: SecretFrom,
    /// The text to hash [default: 32 random hex digits, told with the token]
    #[arg(long, value_name = "TEXT", value_parser = input::content)]
    pub content: Option<Content>,
    /// Write a ready command for curl instead, for this access key ID and the server in use
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
    /// The text to hash [default: 32 random hex digits]
    #[arg(long, value_name = "TEXT", value_parser = input::content)]
    pub content: Option<Content>,
    /// Write the access token to standard output even if that is a terminal
    #[arg(long)]
    pub show: bool,
}

/// What `latchkey verify` is given.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Read the access token from this file instead of standard input or a prompt; - is standard input
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What `latchkey doctor` is given.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The access key ID that does not work; without it, only the way to the server is looked at
    #[arg(value_parser = input::key_id)]
    pub id: Option<KeyId>,
    /// Where the secret access key comes from.
    #[command(flatten)]
    pub secret: SecretFrom,
    /// The text that was hashed
    #[arg(long, value_name = "TEXT", value_parser = input::content, requires = "id")]
    pub content: Option<Content>,
    /// Read the HMAC token that failed from this file; - is standard input
    #[arg(long, value_name = "FILE", requires_all = ["id", "content"])]
    pub hmac_file: Option<PathBuf>,
}
