//! `latchkey verify`: is an access token good, and whose is it?

use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::cli::tokens::secret;
use crate::cli::{connect_as_anyone, output};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};

use crate::cli::args::VerifyArgs;
use crate::domain::AccessToken;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::operations::tokens::exchange::verify;

/// Writes the ID of the key that the token was made from. A token that is not good is a failure.
pub async fn run(args: &VerifyArgs, settings: &Context) -> Result<Exit, Failure> {
    let token = secret::read(args.token_file.as_deref(), ExpectedInput::AccessToken)?;
    let token = AccessToken::new(token.expose_secret());
    let client = connect_as_anyone(settings).await?.client;
    let id = verify(&client, &token).await?;
    let id = id.raw_for_api();
    let json = || json!({ "good": true, "key_id": id });
    output::print_value(settings.format, id, json, &[("Good", "true"), ("Key ID", id)])
}
