//! `latchkey keys create`: the destination first, then the key, then the secret's way there.

mod report;

use std::io;
use std::io::Write as _;

use crate::cli::args::CreateArgs;
use crate::cli::prompts::Prompts;
use crate::cli::{connect_to_change, output};
use crate::client::{Creation, IdempotencyKey, NewKey};
use crate::config::{Config, Overrides};
use crate::domain::{AccessKey, KeyId, SecretKey, Untrusted};
use crate::operations::connect::Connection;
use crate::operations::context::Context;
use crate::operations::create::send::send;
use crate::operations::deliver::{Destination, Rescue};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::pending::PendingCreates;
use crate::operations::prompter::Prompter as _;
use chrono::Utc;

/// Makes a key and brings its secret to where it was asked to.
pub async fn run(args: &CreateArgs, settings: &Context) -> Result<Exit, Failure> {
    // From here on no signal ends the program between a secret and its destination.
    let mut prompts = Prompts::guarded();
    let rescue = Rescue::prepare(&settings.dirs.state)?;
    let destination = Destination::prepare(&args.delivery())?;
    let server = tokio::select! {
        server = connect_to_change(settings) => server?,
        () = prompts.guard().signal() => return Err(Failure::new(Exit::Cancelled, "Cancelled: no key was made.")),
    };
    let idempotency_key = IdempotencyKey::random();
    let new = NewKey { idempotency_key, label: args.label.clone(), expires_at: args.expires.at(Utc::now()) };
    // A start after a crash knows by this note that a key may have been made whose secret nobody has.
    let mut pending_creates = PendingCreates::of(&Config::load(&settings.overrides, &settings.dirs)?);
    let (profile, username) = (&server.profile.name, server.username.as_ref().map(Untrusted::raw_for_api));
    if settings.format != Format::Json {
        tell_left_over(&mut pending_creates, profile, username, &settings.overrides);
    }
    pending_creates.record(profile, username, &new);
    let made = make(&new, &server, &mut prompts).await;
    server.close().await;
    if made.as_ref().is_err_and(|failure| failure.exit != Exit::Unreachable) {
        pending_creates.resolve(&new.idempotency_key);
    }
    let (key, secret) = made?;
    let delivered = destination.deliver(&key.id, &secret, &rescue, &mut prompts).await?;
    let reported = report::write(settings.format, &key, &secret, delivered, &rescue);
    pending_creates.resolve(&new.idempotency_key);
    reported
}

/// Says what an earlier run left over: the page can finish it, and ask what is to be asked. What is too old for that is
/// said once.
fn tell_left_over(pending_creates: &mut PendingCreates, profile: &str, username: Option<&str>, overrides: &Overrides) {
    for left in pending_creates.left(profile, username, Utc::now()) {
        let (at, label) = (output::time(left.at), Untrusted::new(left.new.label.as_str()).to_display(100));
        let next = if left.repeatable {
            overrides.spell("Open the page, or latchkey --plain, which can finish it.")
        } else {
            pending_creates.resolve(&left.new.idempotency_key);
            "If that key is in the list and nobody has its secret, delete it.".to_owned()
        };
        let _ = writeln!(io::stderr(), "latchkey: A create of “{label}”, begun at {at}, was cut off. {next}");
    }
}

async fn make(new: &NewKey, server: &Connection, prompts: &mut Prompts) -> Result<(AccessKey, SecretKey), Failure> {
    match send(&server.client, new, prompts).await? {
        Creation::New(key, secret) => Ok((key, secret)),
        Creation::Replayed(key) => {
            let id = key.id.to_display(KeyId::MAX_CHARS);
            let message = format!("Key {id} was made, but the answer with its secret was lost on the way.");
            let next =
                format!("A secret is sent once: delete this key with latchkey keys delete {id} and create another.");
            Err(Failure::new(Exit::Conflict, message).next(next))
        }
    }
}
