//! `latchkey webhook`.

use chrono::Utc;

use super::args::webhook::{WebhookArgs, WebhookCommand};
use super::{options, output};
use crate::config::Config;
use crate::domain::sentence;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::server::webhook::{Answer, Receiver};

/// Sends a test message with the settings of `latchkey serve`.
pub(super) async fn run(command: &WebhookCommand, settings: &Context) -> Result<Exit, Failure> {
    let WebhookCommand::Test(_) = command;
    settings.only_data("latchkey webhook test")?;
    let of_file = Config::of_serve(&settings.overrides, &settings.dirs)?;
    let arguments: Vec<_> = std::env::args_os().collect();
    let args: WebhookArgs = options::options(&["webhook", "test"], &arguments, &of_file)?;
    let setup = args.setup().ok_or_else(|| {
        Failure::usage("No webhook is set.").next(
            "Give --webhook-url and --webhook-secret-file, or webhook_url and webhook_secret_file in [serve] of the \
             settings file.",
        )
    })?;
    let receiver = Receiver::open(&setup).map_err(|error| Failure::usage(sentence(&error.to_string())))?;
    if receiver.is_new {
        output::say(&format!("Made the secret in {}. Give it to the receiver.", setup.secret_file.display()))?;
    }
    let host = &receiver.host;
    let why = match receiver.test(Utc::now()).await {
        Answer::Accepted(status) => return output::say(&format!("{host} accepted the test message ({status}).")),
        Answer::Gone => "it answered 410 Gone: it wants no messages".to_owned(),
        Answer::Refused(why, _) => why,
    };
    Err(Failure::new(Exit::Unreachable, format!("{host} did not accept the test message: {why}.")))
}
