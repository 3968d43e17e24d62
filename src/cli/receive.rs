//! `latchkey receive`: the destination first, then the code, the secret's way there, and the word to the server.

use std::io;
use std::io::{IsTerminal as _, Write as _};

use serde_json::json;

use super::args::ReceiveArgs;
use super::connect::connect_as_anyone;
use super::output;
use super::prompts::Prompts;
use crate::config::ServerLocation;
use crate::domain::{Credentials, KeyId};
use crate::operations::context::Context;
use crate::operations::deliver::{Delivery, Destination, SaveContent, line};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::handover::{Received, receive};
use crate::operations::prompts::prompter::Prompter as _;
use crate::platform::delivery::OutputMode;
use crate::platform::secret_input::{SecretSource, read_secret};

/// What is said when the secret did not get to its destination.
const NOT_LOST: &str = "The secret is not lost: run it again with the same code within 10 minutes.";

const NO_SERVER: &str = "It isn't said which server the secret is on.";
const NAME_IT: &str = "Name the server that the code came with: latchkey receive --url https://…";

/// Receives a secret and brings it to where it was asked to.
pub(crate) async fn run(args: &ReceiveArgs, settings: &Context) -> Result<Exit, Failure> {
    let config = settings.config()?;
    if matches!(config.connection(config.chosen())?, ServerLocation::Embedded(_)) {
        return Err(Failure::usage(NO_SERVER).next(NAME_IT));
    }
    // From here on no signal ends the program between a secret and its destination.
    let mut prompts = Prompts::guarded();
    let destination = Destination::prepare(&args.delivery())?;
    let given = if io::stdin().is_terminal() { None } else { Some(read_secret(&SecretSource::Stdin)?) };
    let client = prompts.wait(connect_as_anyone(settings)).await??.client;
    let received = receive(&client, &mut prompts, given, &settings.dirs.state).await?;
    let to = match deliver(args, destination, &received, settings.format, &mut prompts).await {
        Ok(to) => to,
        Err(mut failure) => {
            failure.exit = Exit::Undelivered;
            if failure.message.is_empty() {
                failure.message.push_str("Nothing is reading standard output.");
            }
            return Err(failure.next(NOT_LOST));
        }
    };
    let (id, place) = (received.id.clone(), place(&to));
    if let Some(words) = received.confirm(&client, &mut prompts, &place).await? {
        prompts.warn(words);
    }
    if to == Delivery::Stdout { Ok(Exit::Done) } else { tell(&to, &id, &place, settings.format) }
}

async fn deliver(
    args: &ReceiveArgs,
    destination: Destination,
    received: &Received,
    format: Format,
    prompts: &mut Prompts,
) -> Result<Delivery, Failure> {
    let (id, secret) = (received.id.clone(), received.secret.clone());
    if matches!(destination, Destination::Stdout) {
        let (id, secret) = (id.raw_for_api(), secret.expose());
        let json = || json!({ "key_id": id, "secret_access_key": secret, "delivered_to": "stdout" });
        output::print_value(format, secret, json, &[("Access key ID", id), ("Secret access key", secret)])?;
        return Ok(Delivery::Stdout);
    }
    let credentials = Credentials { id, secret, form: args.secret_format };
    let text = credentials.text().map_err(|why| Failure::usage(crate::domain::sentence(why)))?;
    let content = SaveContent::secret(line(&text), received.secret.expose());
    let given = destination.give(&content, OutputMode::Aloud, prompts.guard().signal()).await;
    given.map(|saved| saved.to).map_err(|failed| Failure::usage(crate::domain::sentence(&failed.why)))
}

/// Where the secret is.
fn place(to: &Delivery) -> String {
    match (to.file(), to) {
        (Some(file), _) => format!("in {}", std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display()),
        (None, Delivery::Descriptor(number)) => format!("given to file descriptor {number}"),
        (None, Delivery::Command) => "given to the command".to_owned(),
        (None, _) => "written to standard output".to_owned(),
    }
}

fn tell(to: &Delivery, id: &KeyId, place: &str, format: Format) -> Result<Exit, Failure> {
    let id = id.to_display(KeyId::MAX_CHARS);
    let file = to.file().map(|path| path.display().to_string());
    let json = json!({ "key_id": id, "secret_access_key": null, "delivered_to": to.word(), "file": file });
    let fields = [("Access key ID", id.as_str()), ("Secret access key", place)];
    output::print(|out| output::write_fields(out, format, &json, &fields).and_then(|()| out.flush()))
}
