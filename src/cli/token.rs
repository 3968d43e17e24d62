//! `latchkey token`: step three of the three.

use std::io;
use std::io::Write as _;

use chrono::Utc;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::args::TokenArgs;
use super::{connect_as_anyone, output, secret};
use crate::client::{ApiError, Client};
use crate::domain::credential_kind::ExpectedInput;
use crate::domain::diagnosis::of_end;
use crate::domain::{Grant, KeyId, Verdict, hmac_token};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::messages;
use crate::operations::tokens::hmac::random_content;

/// Exchanges, and writes the access token: alone, for `$(…)`. On a terminal it is shown only if asked; else it is proved.
pub async fn run(args: &TokenArgs, settings: &Context) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), ExpectedInput::Secret)?;
    secret::check_pair(&args.id, &secret)?;
    let content = args.content.clone().map_or_else(random_content, Ok)?;
    let token = hmac_token(secret.expose_secret().as_bytes(), content.as_str().as_bytes());
    drop(secret);
    let server = connect_as_anyone(settings).await?;
    let exchanged = server.client.exchange(&args.id, &token, &content).await.result;
    if let Ok(grant) = &exchanged
        && let Some(ended) = of_end(grant.expires_at, Utc::now())
    {
        let _ = writeln!(io::stderr(), "Careful: {} {}", ended.what, ended.next);
    }
    match exchanged {
        Ok(grant) if !is_whole(&grant) => {
            Err(ApiError::Garbled(200, "its access token has characters that are not allowed in a header").into())
        }
        Ok(grant) if output::is_terminal() && !args.show => prove(&server.client, &grant, settings.format).await,
        Ok(grant) => write(&grant, settings.format),
        Err(error) if error.is_refused_pair() => Err(Failure::from(error)
            .next(format!("Find out why with: latchkey doctor {}", args.id.to_display(KeyId::MAX_CHARS)))),
        Err(error) => Err(error.into()),
    }
}

/// Whether a request can carry the token: visible ASCII (RFC 9110, section 5.5).
fn is_whole(grant: &Grant) -> bool {
    grant.access_token.expose().bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn write(grant: &Grant, format: Format) -> Result<Exit, Failure> {
    let (token, end) = (grant.access_token.expose(), output::time(grant.expires_at));
    let mut out = output::stdout();
    let written = match format {
        Format::Table => writeln!(out, "{}", output::one_line(token)),
        Format::Json | Format::Separated(_) => {
            let json = json!({ "access_token": token, "expires_at": end, "verified": null });
            output::write_fields(&mut out, format, &json, &[("Access token", token), ("Expires at", &end)])
        }
    };
    output::done(written, &mut out)?;
    Ok(Exit::Done)
}

/// Says how good the token is, without showing it.
async fn prove(client: &Client, grant: &Grant, format: Format) -> Result<Exit, Failure> {
    let end = output::time(grant.expires_at);
    let (verified, words) = match client.verify(&grant.access_token).await? {
        Verdict::Good(_) => (Some(true), "accepted by the server".to_owned()),
        Verdict::NotOffered => (None, messages::NO_VERIFICATION.to_owned()),
        Verdict::Refused(why) => (Some(false), messages::token_refused(&why)),
    };
    let until = match (grant.expires_at - Utc::now()).num_minutes() {
        minutes @ 1.. => format!("{end}, in {minutes} minutes"),
        _ => end.clone(),
    };
    let json = json!({ "access_token": null, "expires_at": end, "verified": verified });
    let mut out = output::stdout();
    let fields = [("Access token", "valid, not shown"), ("Expires at", until.as_str()), ("Verified", words.as_str())];
    let written = output::write_fields(&mut out, format, &json, &fields);
    output::done(written, &mut out)?;
    if verified == Some(false) {
        return Err(Failure::new(Exit::NotGood, "The server issued an access token but refuses it."));
    }
    if format == Format::Table {
        let _ = writeln!(io::stderr(), "Use --show to print the token, or redirect it to a file or a program.");
    }
    Ok(Exit::Done)
}
