//! The webhook: reminders and alarms that are sent to a URL, as "Standard Webhooks" (standardwebhooks.com) has it.
//!
//! Messages are stored before they are sent (`store/webhook`), so that each is sent at least once, whichever servers run. A
//! receiver that doesn't answer delays other messages for it, and nothing else.

mod messages;
mod receiver;
mod secret;
mod sender;

use std::io;
use std::path::PathBuf;

pub use receiver::{Answer, Receiver};
pub(crate) use sender::WebhookSender;

/// Where messages are sent, and how.
#[derive(Clone)]
pub struct WebhookSetup {
    pub url: String,
    /// The file with the secret that messages are signed with; made if it is missing.
    pub secret_file: PathBuf,
    /// CA certificates that are trusted in place of the system's, in PEM.
    pub authorities: Option<PathBuf>,
}

/// Why no messages can be sent. Never holds the URL, which may have a token in it.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the URL of the webhook isn't valid ({0}): write it like https://hooks.example.com/latchkey")]
    Url(String),
    #[error(
        "the URL of the webhook must begin with https://: http:// is only for this machine, since anyone on the network \
         could read what is sent"
    )]
    Plain,
    #[error("the URL of the webhook must not contain a user name or password: remove everything before the @")]
    Userinfo,
    #[error("can't use {path}, the file with the webhook's secret: {source}")]
    SecretFile { path: PathBuf, source: io::Error },
    #[error(
        "other users can read {0}, the file with the webhook's secret: delete it to have a new one made, and give the \
         receiver the new secret"
    )]
    Readable(PathBuf),
    #[error(
        "{0} doesn't contain a webhook secret: it must have a line with whsec_ and the base64 of 24 to 64 bytes; delete the \
         file to have one made"
    )]
    NoSecret(PathBuf),
    #[error("can't read {path}, the certificates for the webhook: {source}")]
    Authorities { path: PathBuf, source: io::Error },
    #[error("{0} has no certificate in it: it must be a PEM file")]
    NoCertificate(PathBuf),
    #[error("this system has no CA certificates: install ca-certificates, or give --webhook-ca")]
    NoAuthorities,
    #[error("can't prepare connections to the webhook: {0}")]
    Client(#[from] reqwest::Error),
}
