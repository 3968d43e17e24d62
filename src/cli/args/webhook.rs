//! The webhook of `latchkey serve`, and `latchkey webhook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::path;
use crate::server::webhook::WebhookSetup;

/// Where messages are sent, and how.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "as the options are called")]
pub struct WebhookArgs {
    /// Send reminders and alarms to this URL, signed (see the guide): keys that expire soon, rotations that wait,
    /// deactivations that end, keys used after a rotation, hand-overs opened again
    #[arg(long, value_name = "URL", requires = "webhook_secret_file")]
    pub webhook_url: Option<String>,
    /// Private file with the secret that these messages are signed with; made if it doesn't exist. Several servers on one
    /// database need the same
    #[arg(long, value_name = "FILE", requires = "webhook_url", value_parser = path())]
    pub webhook_secret_file: Option<PathBuf>,
    /// CA certificates (PEM) to trust for the webhook in place of the system's
    #[arg(long, value_name = "FILE", requires = "webhook_url", value_parser = path())]
    pub webhook_ca: Option<PathBuf>,
}

impl WebhookArgs {
    /// What they say, if there is a webhook.
    pub fn setup(&self) -> Option<WebhookSetup> {
        let (url, secret_file) = self.webhook_url.clone().zip(self.webhook_secret_file.clone())?;
        Some(WebhookSetup { url, secret_file, authorities: self.webhook_ca.clone() })
    }
}

/// What to do with the webhook.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Send one signed test message, and say what the receiver answered
    #[command(long_about = TEST)]
    Test(WebhookArgs),
}

const TEST: &str = "\
Send one signed test message, and say what the receiver answered

Uses the same settings as latchkey serve on this machine: these options, or [serve] in the settings file. The message has \
the type test. It is sent once; no server has to run.";
