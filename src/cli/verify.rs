//! `latchkey verify`: is an access token good, and whose is it?

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{connect_as_anyone, output, secret};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};

use super::args::VerifyArgs;
use crate::domain::credential_kind::ExpectedInput;
use crate::domain::{AccessToken, KeyId, Verdict};
use crate::operations::format::Format;
use crate::operations::messages;

/// Writes the ID of the key that the token was made from. A token that is not good is a failure.
pub async fn run(args: &VerifyArgs, settings: &Context) -> Result<Exit, Failure> {
    let token = secret::read(args.token_file.as_deref(), ExpectedInput::AccessToken)?;
    let token = AccessToken::new(token.expose_secret());
    let server = connect_as_anyone(settings).await?;
    match server.client.verify(&token).await? {
        Verdict::Good(id) => write(&id, settings.format),
        Verdict::Refused(why) => {
            Err(Failure::new(Exit::NotGood, messages::token_refused(&why))
                .next("Get a fresh one with: latchkey token ID"))
        }
        Verdict::NotOffered => Err(Failure::new(Exit::Mistake, messages::NO_VERIFICATION)
            .next("Try the token with the request that needs it.")),
    }
}

fn write(id: &KeyId, format: Format) -> Result<Exit, Failure> {
    let mut out = output::stdout();
    let written = match format {
        Format::Table => writeln!(out, "{}", output::one_line(id.raw_for_api())),
        Format::Json | Format::Separated(_) => {
            let json = json!({ "good": true, "key_id": id.raw_for_api() });
            output::write_fields(&mut out, format, &json, &[("Good", "true"), ("Key ID", id.raw_for_api())])
        }
    };
    output::done(written, &mut out)?;
    Ok(Exit::Done)
}
