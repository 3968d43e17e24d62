//! `latchkey hmac`: step two of the three.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::cli::args::HmacArgs;
use crate::cli::output;
use crate::cli::tokens::secret;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::operations::connect;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::tokens::hmac::{curl_command, generate};

/// Writes the token: alone where the content is given, for `$(…)`; with its content where that was drawn.
pub fn run(args: &HmacArgs, settings: &Context) -> Result<Exit, Failure> {
    let secret = secret::read(args.secret.secret_file.as_deref(), ExpectedInput::Secret)?;
    if let Some(id) = &args.curl {
        secret::check_pair(id, &secret)?;
    }
    let (token, content) = generate(secret.expose_secret(), args.content.clone())?;
    if let Some(id) = &args.curl {
        let target = connect::target(&settings.config()?)?;
        return output::print(|out| out.write_all(curl_command(&target, id, &token, &content).as_bytes()));
    }
    let json = || json!({ "hmac_token": token.expose(), "content": content.as_str() });
    let fields = [("HMAC token", token.expose()), ("Content", content.as_str())];
    if args.content.is_some() {
        return output::print_value(settings.format, token.expose(), json, &fields);
    }
    output::print(|out| output::write_fields(out, settings.format, &json(), &fields))
}
