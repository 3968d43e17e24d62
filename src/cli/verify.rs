//! `latchkey verify`: is an access token good, and whose is it?

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{connect_as_anyone, output, secret};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};

use super::args::VerifyArgs;
use crate::domain::credential_kind::ExpectedInput;
use crate::domain::{AccessToken, KeyId};
use crate::operations::format::Format;
use crate::operations::tokens::exchange::verify;

/// Writes the ID of the key that the token was made from. A token that is not good is a failure.
pub async fn run(args: &VerifyArgs, settings: &Context) -> Result<Exit, Failure> {
    let token = secret::read(args.token_file.as_deref(), ExpectedInput::AccessToken)?;
    let token = AccessToken::new(token.expose_secret());
    let client = connect_as_anyone(settings).await?.client;
    write(&verify(&client, &token).await?, settings.format)
}

fn write(id: &KeyId, format: Format) -> Result<Exit, Failure> {
    let mut out = output::stdout();
    let written = match format {
        Format::Table => writeln!(out, "{}", output::one_line(id.raw_for_api())),
        Format::Json | Format::Csv | Format::Tsv => {
            let json = json!({ "good": true, "key_id": id.raw_for_api() });
            output::write_fields(&mut out, format, &json, &[("Good", "true"), ("Key ID", id.raw_for_api())])
        }
    };
    output::done(written, &mut out)?;
    Ok(Exit::Done)
}
