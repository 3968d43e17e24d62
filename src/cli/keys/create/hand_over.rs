//! `latchkey keys create --hand-over`: the secret goes to somebody else, who gets a code for it.

use std::io;
use std::io::Write;

use serde_json::json;

use crate::cli::args::HandOverArgs;
use crate::cli::output;
use crate::cli::output::KeyRecord;
use crate::cli::prompts::CommandAccess;
use crate::client::Handover;
use crate::domain::{AccessKey, SecretKey};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{Delivery, Rescue, line, rescued};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::handover::{Ticket, commands, curl_input, until};
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;

/// Makes sure that the server can do it, before there is a key.
pub(crate) async fn check(access: &mut CommandAccess) -> Result<(), Failure> {
    let known = access.call(async |client| client.handovers().await).await;
    known.map(drop).map_err(|why| {
        let mut failure = Failure::from(why);
        failure.message += " No key was made.";
        failure
    })
}

/// Hands the secret of a new key over, and writes the code. If that fails, the secret is kept in a private file.
pub(crate) async fn run(
    args: &HandOverArgs,
    access: &mut CommandAccess,
    settings: &Context,
    key: &AccessKey,
    secret: &SecretKey,
    rescue: &Rescue,
) -> Flow<Exit> {
    let done = hand_over(args, access, key, secret).await.and_then(|(ticket, handed)| {
        let mut out = output::stdout();
        let written = write(&mut out, settings.format, key, &ticket, &handed, access);
        output::done(written, &mut out)
    });
    let Err(failure) = done else { return Ok(Exit::Done) };
    let why = if failure.message.is_empty() { "Nothing is reading standard output" } else { &failure.message };
    let kept = rescue.keep(&key.id, &line(secret.expose()), why.to_owned())?;
    let Delivery::Rescued(path, why) = kept else { return Ok(Exit::Done) };
    Err(rescued(&key.id, &path, &why).into())
}

async fn hand_over(
    args: &HandOverArgs,
    access: &mut CommandAccess,
    key: &AccessKey,
    secret: &SecretKey,
) -> Result<(Ticket, Handover), Failure> {
    let failed = || Failure::new(Exit::Mistake, messages::NO_CODE);
    let ticket = Ticket::draw(args.pin).map_err(|_| failed())?;
    let sealed = ticket.seal(&key.id, secret, args.ttl).ok_or_else(failed)?;
    let handed = access.call(async |client| client.hand_over(&sealed).await).await?;
    Ok((ticket, handed))
}

fn write(
    out: &mut impl Write,
    format: Format,
    key: &AccessKey,
    ticket: &Ticket,
    handed: &Handover,
    access: &CommandAccess,
) -> io::Result<()> {
    let (code, end) = (ticket.code.expose(), until(handed.until));
    let (receive, curl) = commands(&access.connection.server.target, ticket.pin().is_some());
    let json = json!({
        "key": KeyRecord::of(key),
        "handover": {
            "id": handed.id.to_display(64),
            "code": code.as_str(),
            "pin": ticket.pin(),
            "until": end,
            "receive": receive,
            "curl": curl,
        },
    });
    let (opened, typed) = (format!("{end}, once"), curl_input(ticket.pin().is_some()));
    let record = KeyRecord::of(key);
    let mut fields = vec![record.fields()[0], ("Code", code.as_str())];
    fields.extend(ticket.pin().map(|pin| ("PIN", pin)));
    fields.extend([("Opens until", opened.as_str()), ("To receive", receive.as_str())]);
    if let Some(curl) = &curl {
        fields.extend([("Or with curl", curl.as_str()), ("and type", typed)]);
    }
    output::write_fields(out, format, &json, &fields)
}
