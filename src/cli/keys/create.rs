//! `latchkey keys create`: the destination first, then the key, then the secret's way there.

mod report;
mod send;

use crate::api::{Creation, IdempotencyKey, NewKey};
use crate::args::CreateArgs;
use crate::cli::deliver::{Destination, Held, Rescue};
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach::Reached;
use crate::cli::{Settings, connect_to_change};
use crate::model::{AccessKey, KeyId, SecretKey};
use chrono::Utc;
pub use send::{Unsent, send};

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
