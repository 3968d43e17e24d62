//! `latchkey hmac`: step two of the three.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::args::HmacArgs;
use super::{output, secret};
use crate::client::Target;
use crate::config::ServerLocation;
use crate::domain::credential_kind::ExpectedInput;
use crate::domain::{Content, CurlEndpoint, HmacToken, KeyId, curl_text, hmac_token};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::platform::random;

/// Writes the token: alone where the content is given, for `$(…)`; with its content where that was drawn.
pub fn run(args: &HmacArgs, settings: &Context) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), ExpectedInput::Secret)?;
    if let Some(id) = &args.curl {
        secret::check_pair(id, &secret)?;
    }
    let content = args.content.clone().map_or_else(draw, Ok)?;
    let token = hmac_token(secret.expose_secret().as_bytes(), content.as_str().as_bytes());
    let mut out = output::stdout();
    let written = if let Some(id) = &args.curl {
        out.write_all(request(settings, id, &token, &content)?.as_bytes())
    } else if args.content.is_some() && settings.format == Format::Table {
        writeln!(out, "{}", token.expose())
    } else {
        let json = json!({ "hmac_token": token.expose(), "content": content.as_str() });
        let fields = [("HMAC token", token.expose()), ("Content", content.as_str())];
        output::write_fields(&mut out, settings.format, &json, &fields)
    };
    output::done(written, &mut out)?;
    Ok(Exit::Done)
}

/// The whole exchange as text for curl.
fn request(settings: &Context, id: &KeyId, token: &HmacToken, content: &Content) -> Result<Zeroizing<String>, Failure> {
    let config = settings.config()?;
    let target = match config.connection(config.chosen())? {
        ServerLocation::Embedded(data) => Target::Socket(data.join("api.sock")),
        ServerLocation::Remote(connection) => connection.target,
    };
    let endpoint = match &target {
        Target::Socket(path) => CurlEndpoint::Socket(path),
        Target::Url(base) => CurlEndpoint::Url(base.as_str()),
    };
    Ok(curl_text(endpoint, id, token, content))
}

/// A fresh random content.
pub fn draw() -> Result<Content, Failure> {
    random::content()
        .map_err(|error| Failure::new(Exit::Mistake, format!("The system gives no random numbers: {error}.")))
}
