//! The command line of `latchkey keys`.

use crate::operations::deliver::DeliveryRequest;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::domain::{KeyId, Label, Order, Sort, Status};
use crate::operations::expiry::{Expires, expires};
use crate::operations::input;

/// What can be done with access keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List access keys
    ///
    /// Pages are fetched and written one by one: a million keys take no more memory than a thousand. JSON is one
    /// array with one key a line; if the list breaks off, the array stays open and the exit code is not 0.
    List(ListArgs),
    /// Show one access key
    Show(ShowArgs),
    /// Create an access key; its secret is given once
    ///
    /// The secret goes to standard output only if that is no terminal, or with --show. The destination is tried
    /// before the key is made: a file is made anew; of a command it is tried whether sh understands it and whether its
    /// first word is there. If a destination fails all the same, the secret is offered again on a terminal; without one
    /// it is kept in a private file in the state folder, which the message names (exit code 8).
    Create(CreateArgs),
    /// Change label or end of an access key
    Edit(EditArgs),
    /// Switch an access key on again
    Activate {
        /// The access key ID
        #[arg(value_parser = input::key_id)]
        id: KeyId,
    },
    /// Switch an access key off, and every access token made from it
    Deactivate {
        /// The access key ID
        #[arg(value_parser = input::key_id)]
        id: KeyId,
    },
    /// Delete access keys, and every access token made from them
    ///
    /// On a terminal it asks for the last four characters of each ID. It says what happened to each; with several
    /// IDs the exit code is the highest of all.
    Delete(DeleteArgs),
}

/// Which keys to list, and in which order.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only keys with this text in ID or label, without regard to case
    #[arg(long, value_name = "TEXT", value_parser = input::search, default_value = "", hide_default_value = true)]
    pub search: String,
    /// Only keys of this status: active, inactive or expired
    #[arg(long, value_parser = input::status)]
    pub status: Option<Status>,
    /// Sort by `created_at`, `last_used_at`, label, status or id
    #[arg(long, value_name = "FIELD", value_parser = input::sort, default_value = "created_at")]
    pub sort: Sort,
    /// Direction: asc or desc [default: newest first, or A to Z]
    #[arg(long, value_parser = input::order)]
    pub order: Option<Order>,
    /// At most so many keys
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// Which key to show.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The access key ID
    #[arg(value_parser = input::key_id)]
    pub id: KeyId,
    /// Show what happened to it too, newest first
    #[arg(long)]
    pub events: bool,
}

/// What the new key shall be, and where its secret goes.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What the administrators will call it; up to 100 characters
    #[arg(long, value_name = "TEXT", value_parser = input::label, default_value = "", hide_default_value = true)]
    pub label: Label,
    /// When it stops working: 90d, 2027-01-31 (end of that day), 2027-01-31T18:00:00Z or never
    #[arg(long, value_name = "WHEN", value_parser = expires, default_value = "never")]
    pub expires: Expires,
    /// Write the secret to standard output even if that is a terminal
    #[arg(long, conflicts_with_all = ["secret_file", "secret_fd", "pipe_to"])]
    pub show: bool,
    /// Write the secret and a newline into this new file, for its owner only; an existing file is never overwritten
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_fd", "pipe_to"])]
    pub secret_file: Option<PathBuf>,
    /// Write the secret and a newline to this file descriptor, which the shell has opened: 3 or more, no terminal
    #[arg(long, value_name = "N", conflicts_with = "pipe_to")]
    pub secret_fd: Option<u32>,
    /// Give the secret and a newline to this command (run by sh -c) on its standard input
    #[arg(long, value_name = "COMMAND")]
    pub pipe_to: Option<String>,
}

/// What shall change.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// The access key ID
    #[arg(value_parser = input::key_id)]
    pub id: KeyId,
    /// What is new.
    #[command(flatten)]
    pub new: NewValues,
}

/// New values of a key: at least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct NewValues {
    /// A new label
    #[arg(long, value_name = "TEXT", value_parser = input::label)]
    pub label: Option<Label>,
    /// A new end: 90d from now, 2027-01-31, 2027-01-31T18:00:00Z or never
    #[arg(long, value_name = "WHEN", value_parser = expires)]
    pub expires: Option<Expires>,
}

/// Which keys to delete.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Access key IDs; - reads them from standard input, one a line
    #[arg(required = true, value_name = "ID", value_parser = input::key_id_or_dash)]
    pub ids: Vec<IdOrDash>,
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(long)]
    pub yes: bool,
    /// A key that is not there counts as deleted
    #[arg(long)]
    pub ignore_missing: bool,
}

/// An ID; none stands for "from standard input".
pub type IdOrDash = Option<KeyId>;

impl CreateArgs {
    /// Where the secret is to go.
    #[must_use]
    pub fn delivery(&self) -> DeliveryRequest<'_> {
        DeliveryRequest {
            file: self.secret_file.as_deref(),
            descriptor: self.secret_fd,
            command: self.pipe_to.as_deref(),
            show: self.show,
        }
    }
}
