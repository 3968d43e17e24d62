//! `--hand-over` of `latchkey keys create` and `rotate`: the secret goes to someone else, who gets a code for it.

use std::io;
use std::io::Write;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::cli::args::HandOverArgs;
use crate::cli::output;
use crate::cli::output::KeyRecord;
use crate::cli::prompts::CommandAccess;
use crate::client::{Creation, Handover, NewKey};
use crate::domain::{AccessKey, SecretKey};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::deliver::{Delivery, Rescue, line, rescued};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, time};
use crate::operations::handover::{Commands, Ticket, curl_input, take_back_untold, until, why_not};
use crate::operations::keys::create::{already_exists, create};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;

/// Makes sure that the server can do it, before there is a key.
pub(crate) async fn check(access: &mut CommandAccess) -> Result<(), Failure> {
    if let Some(why) = why_not(&access.connection.server.target) {
        return Err(Failure::usage(format!("{why} {}", messages::NO_KEY_MADE)));
    }
    let known = access.call(async |client| client.handovers().await).await;
    known.map(drop).map_err(|why| {
        let mut failure = Failure::from(why);
        failure.message = format!("{} {}", failure.message, messages::NO_KEY_MADE);
        failure
    })
}

/// Creates a key, hands its secret over, and writes the code; of a rotation also when the old key ends. If the secret can't be
/// handed over, it is kept in a private file.
pub(crate) async fn make(
    args: &HandOverArgs,
    access: &mut CommandAccess,
    new: &NewKey,
    journal: &mut PendingCreates,
    settings: &Context,
    rescue: &Rescue,
    old_ends_at: impl Fn(&AccessKey) -> Option<DateTime<Utc>>,
) -> Flow<Exit> {
    create(access, new, journal, async |access: &mut CommandAccess, creation| match creation {
        Creation::New(key, secret) => {
            let done = hand_over(args, access, &key, &secret).await.and_then(|(ticket, handed)| {
                let mut out = output::stdout();
                let written = write(&mut out, settings.format, &key, old_ends_at(&key), &ticket, &handed, access);
                output::done(written, &mut out)
            });
            if let Err(failure) = done {
                let mut kept = keep(&failure, rescue, &key, &secret);
                kept.message = format!("{} {}", kept.message, take_back_untold(access, &key.id).await);
                return Err(kept.into());
            }
            Ok(Exit::Done)
        }
        Creation::Replayed(key) => Err(already_exists(&key).into()),
    })
    .await
}

/// Keeps a secret that could not be handed over in a private file, and says so.
fn keep(failure: &Failure, rescue: &Rescue, key: &AccessKey, secret: &SecretKey) -> Failure {
    let why = if failure.message.is_empty() { "Nothing is reading standard output" } else { &failure.message };
    match rescue.keep(&key.id, &line(secret.expose()), why.to_owned()) {
        Ok(Delivery::Rescued(path, why)) => rescued(&key.id, &path, &why),
        Ok(_) => Failure::new(Exit::Undelivered, why),
        Err(failure) => failure,
    }
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
    old_ends_at: Option<DateTime<Utc>>,
    ticket: &Ticket,
    handed: &Handover,
    access: &CommandAccess,
) -> io::Result<()> {
    let (code, end) = (ticket.code.expose(), until(handed.until));
    let Commands { receive, curl, confirm } =
        Commands::of(&access.connection.server.target, ticket.pin().is_some()).unwrap_or_default();
    let mut json = json!({
        "key": KeyRecord::of(key),
        "handover": {
            "id": handed.id.to_display(64),
            "code": code.as_str(),
            "pin": ticket.pin(),
            "until": end,
            "receive": receive,
            "curl": curl,
            "curl_confirm": confirm,
        },
    });
    if let Some(at) = old_ends_at {
        json["old_key_ends_at"] = time(at).into();
    }
    let (opened, typed) = (format!("{end}, once"), curl_input(ticket.pin().is_some()));
    let record = KeyRecord::of(key);
    let mut fields = vec![record.fields()[0], ("Code", code.as_str())];
    fields.extend(ticket.pin().map(|pin| ("PIN", pin)));
    fields.extend([("Opens until", opened.as_str()), ("To receive", receive.as_str())]);
    fields.extend([("Or with curl", curl.as_str()), ("and type", typed)]);
    fields.extend([("Once it is there", confirm.as_str()), ("and type", curl_input(false))]);
    output::write_fields(out, format, &json, &fields)
}
