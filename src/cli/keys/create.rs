//! `latchkey keys create`: the destination first, then the key, then the secret's way there.

mod report;

use std::io::{self, Write as _};
use std::pin::pin;
use std::time::Duration;

use crate::api::{ApiError, Client, Creation, IdempotencyKey, NewKey};
use crate::args::CreateArgs;
use crate::cli::deliver::{Destination, Held, Rescue};
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach::Reached;
use crate::cli::{Settings, connect_to_change};
use crate::model::{AccessKey, KeyId, SecretKey};
use chrono::Utc;

/// How often a create is sent, always under one name: one key is made at the most.
const TRIES: u32 = 4;
/// Before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes a key and brings its secret to where it was asked to.
pub async fn run(args: &CreateArgs, settings: &Settings) -> Result<Exit, Failure> {
    // From here on no signal ends the program between a secret and its destination.
    let mut held = Held::new();
    let rescue = Rescue::prepare(&settings.places.state)?;
    let destination = Destination::prepare(args)?;
    let server = tokio::select! {
        server = connect_to_change(settings) => server?,
        () = held.signal() => return Err(Failure::new(Exit::Cancelled, "Cancelled: no key was made.")),
    };
    let made = make(args, &server, &mut held).await;
    server.close().await;
    let (key, secret) = made?;
    let delivered = destination.deliver(&key.id, &secret, &rescue, &mut held).await?;
    report::write(settings.format, &key, &secret, delivered, &rescue)
}

async fn make(args: &CreateArgs, server: &Reached, held: &mut Held) -> Result<(AccessKey, SecretKey), Failure> {
    let idempotency_key = IdempotencyKey::random();
    let new = NewKey { idempotency_key, label: args.label.clone(), expires_at: args.expires.at(Utc::now()) };
    match send(&server.client, &new, held).await? {
        Creation::New(key, secret) => Ok((key, secret)),
        Creation::Replayed(key) => {
            let id = key.id.label(KeyId::MAX_CHARS);
            let message = format!("Key {id} was made, but the answer with its secret was lost on the way.");
            let next =
                format!("A secret is sent once: delete this key with latchkey keys delete {id} and create another.");
            Err(Failure::new(Exit::Conflict, message).next(next))
        }
    }
}

/// Sends the call until an answer comes.
async fn send(client: &Client, new: &NewKey, held: &mut Held) -> Result<Creation, Failure> {
    let mut pause = PAUSE;
    for attempt in 1.. {
        let error = match answered(client, new, held).await {
            Ok(creation) => return Ok(creation),
            Err(error) => error,
        };
        // 409: the first call is still at work (HTTP contract, part B).
        let is_open = error.is_passing() || matches!(error, ApiError::Conflict(409, _));
        if !is_open {
            return Err(error.into());
        }
        if attempt == TRIES || held.is_heard() {
            return Err(unknown(&error));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            () = held.signal() => return Err(unknown(&error)),
        }
    }
    Err(Failure::new(Exit::Mistake, "The key was not sent."))
}

/// One call. A signal does not end it, since its answer may be the only copy of a secret.
async fn answered(client: &Client, new: &NewKey, held: &mut Held) -> Result<Creation, ApiError> {
    let mut call = pin!(client.create(new));
    tokio::select! {
        result = &mut call => return result,
        () = held.signal() => {}
    }
    let _ =
        writeln!(io::stderr(), "latchkey: A key is being made: waiting for the server's answer, to keep its secret.");
    call.await
}

fn unknown(error: &ApiError) -> Failure {
    Failure::new(Exit::Unreachable, format!("{error} It is not known whether the key was made.")).next(
        "Look at the newest with latchkey keys list --limit 5: if it is there, delete it, since its secret is lost.",
    )
}
