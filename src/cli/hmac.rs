//! `latchkey hmac`: step two of the three.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::args::HmacArgs;
use super::{output, secret};
use crate::client::Target;
use crate::config::Source;
use crate::domain::credential_kind::Wanted;
use crate::domain::{Content, Endpoint, HmacToken, KeyId, curl_text, hmac_token};
use crate::operations::context::Settings;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

/// Writes the token: alone where the content is given, for `$(…)`; with its content where that was drawn.
pub fn run(args: &HmacArgs, settings: &Settings) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), Wanted::Secret)?;
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
fn request(
    settings: &Settings,
    id: &KeyId,
    token: &HmacToken,
    content: &Content,
) -> Result<Zeroizing<String>, Failure> {
    let config = settings.config()?;
    let target = match config.connection(config.chosen())? {
        Source::Embedded(data) => Target::Socket(data.join("api.sock")),
        Source::Remote(connection) => connection.target,
    };
    let endpoint = match &target {
        Target::Socket(path) => Endpoint::Socket(path),
        Target::Url(base) => Endpoint::Url(base.as_str()),
    };
    Ok(curl_text(endpoint, id, token, content))
}

/// A fresh random content.
pub fn draw() -> Result<Content, Failure> {
    Content::draw()
        .map_err(|error| Failure::new(Exit::Mistake, format!("The system gives no random numbers: {error}.")))
}
