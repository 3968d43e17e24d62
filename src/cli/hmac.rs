//! `latchkey hmac`: step two of the three.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::args::HmacArgs;
use super::{output, secret};
use crate::domain::credential_kind::ExpectedInput;
use crate::operations::connect;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::tokens::hmac::{curl_command, generate};

/// Writes the token: alone where the content is given, for `$(…)`; with its content where that was drawn.
pub fn run(args: &HmacArgs, settings: &Context) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), ExpectedInput::Secret)?;
    if let Some(id) = &args.curl {
        secret::check_pair(id, &secret)?;
    }
    let (token, content) = generate(secret.expose_secret(), args.content.clone())?;
    let mut out = output::stdout();
    let written = if let Some(id) = &args.curl {
        let target = connect::target(&settings.config()?)?;
        out.write_all(curl_command(&target, id, &token, &content).as_bytes())
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
