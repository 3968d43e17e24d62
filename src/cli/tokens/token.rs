//! `latchkey token`: step three of the three.

use std::io;
use std::io::Write as _;

use chrono::Utc;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::cli::args::TokenArgs;
use crate::cli::tokens::secret;
use crate::cli::{connect_as_anyone, output};
use crate::client::Client;
use crate::domain::diagnosis::of_end;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::domain::{Grant, Verdict};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, relative};
use crate::operations::messages;
use crate::operations::tokens::exchange::exchange;
use crate::operations::tokens::hmac::generate;

/// Exchanges, and writes the access token: alone, for `$(…)`. On a terminal it is shown only if asked; else it is proved.
pub async fn run(args: &TokenArgs, settings: &Context) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), ExpectedInput::Secret)?;
    secret::check_pair(&args.id, &secret)?;
    let (token, content) = generate(secret.expose_secret(), args.content.clone())?;
    drop(secret);
    let client = connect_as_anyone(settings).await?.client;
    let grant = exchange(&client, &args.id, &token, &content).await?;
    if let Some(ended) = of_end(grant.expires_at, Utc::now()) {
        let _ = writeln!(io::stderr(), "Careful: {} {}", ended.what, ended.next);
    }
    if output::is_terminal() && !args.show {
        return prove(&client, &grant, settings.format).await;
    }
    let (token, end) = (grant.access_token.expose(), output::time(grant.expires_at));
    let json = || json!({ "access_token": token, "expires_at": end, "verified": null });
    output::print_value(settings.format, token, json, &[("Access token", token), ("Expires at", &end)])
}

/// Says how good the token is, without showing it.
async fn prove(client: &Client, grant: &Grant, format: Format) -> Result<Exit, Failure> {
    let end = output::time(grant.expires_at);
    let (verified, words) = match client.verify(&grant.access_token).await? {
        Verdict::Good(_) => (Some(true), "accepted by the server".to_owned()),
        Verdict::NotOffered => (None, messages::NO_VERIFICATION.to_owned()),
        Verdict::Refused(why) => (Some(false), messages::token_refused(&why)),
    };
    let until = format!("{end}, {}", relative(grant.expires_at, Utc::now()));
    let json = json!({ "access_token": null, "expires_at": end, "verified": verified });
    let fields = [("Access token", "valid, not shown"), ("Expires at", until.as_str()), ("Verified", words.as_str())];
    output::print(|out| output::write_fields(out, format, &json, &fields))?;
    if verified == Some(false) {
        return Err(Failure::new(Exit::NotGood, "The server issued an access token but refuses it."));
    }
    if format == Format::Table {
        let _ = writeln!(io::stderr(), "Use --show to print the token, or redirect it to a file or a program.");
    }
    Ok(Exit::Done)
}
