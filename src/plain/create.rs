//! A new key, from its label to the only copy of its secret.

use chrono::Utc;

use super::form::ExpiryInput;
use super::session::Session;
use super::{change, form, reveal};
use crate::client::{ApiError, Creation, IdempotencyKey, NewKey};
use crate::domain::{AccessKey, KeyId};
use crate::operations::create::send::{Unsent, send};
use crate::operations::deliver::Rescue;
use crate::operations::failure::Failure;
use crate::operations::interrupt::Flow;
use crate::operations::pending::PendingCreates;
use crate::operations::prompter::Prompter as _;

/// Asks what it shall be, makes it, and offers its secret.
pub(crate) async fn run(session: &mut Session) -> Flow<()> {
    let rescue = session.rescue()?;
    form::tell_way_back(session, "then no key is made.");
    let label = form::label(session, "Enter for none").await?.unwrap_or_default();
    let expires_at = match form::expires(session, "Enter for never").await? {
        ExpiryInput::Back => {
            session.console.say("No key was made.");
            return Ok(());
        }
        ExpiryInput::Kept => None,
        ExpiryInput::Is(end) => end.at(Utc::now()),
    };
    let new = NewKey { idempotency_key: IdempotencyKey::random(), label, expires_at };
    session.signed_in().await?; // whose it is must be known
    // A start after a crash knows by this note that a key may have been made whose secret nobody has.
    let mut pending_creates = PendingCreates::of(&session.config);
    let (profile, username) = session.whose().unwrap_or_default();
    pending_creates.record(&profile, username.as_deref(), &new);
    send_and_tell(session, &new, &mut pending_creates, &rescue).await
}

/// Makes a key that is noted, and tells what came of it.
pub(crate) async fn send_and_tell(
    session: &mut Session,
    new: &NewKey,
    pending_creates: &mut PendingCreates,
    rescue: &Rescue,
) -> Flow<()> {
    let told = match make(session, new, pending_creates).await? {
        Creation::New(key, secret) => reveal::run(session, key, secret, rescue).await,
        Creation::Replayed(key) => lost(session, &key).await,
    };
    pending_creates.resolve(&new.idempotency_key);
    told
}

/// A key that was made before, and whose answer nobody got.
async fn lost(session: &mut Session, key: &AccessKey) -> Flow<()> {
    let id = key.id.to_display(KeyId::MAX_CHARS);
    session.fail(&format!(
        "Key {id} was made, but the answer with its secret was lost on the way. A secret is sent once: delete this key \
         and create another."
    ));
    if !session.console.confirm("Delete it?").await? {
        session.console.say("The key was kept.");
        return Ok(());
    }
    change::delete_this(session, key).await
}

/// One key, however often it is sent. A signal does not end it: the answer may be the only copy of a secret.
async fn make(session: &mut Session, new: &NewKey, pending_creates: &mut PendingCreates) -> Flow<Creation> {
    loop {
        let client = session.signed_in().await?;
        session.console.flush().await?;
        match send(&client, new, &mut session.console).await {
            Ok(creation) => return Ok(creation),
            Err(Unsent::Refused(ApiError::NotSignedIn(_))) if session.server.profile.signs_in => {
                session.forget_session();
            }
            Err(Unsent::Refused(error)) => {
                pending_creates.resolve(&new.idempotency_key);
                return Err(error.into());
            }
            // Perhaps it was made: the note stays.
            Err(unsent @ Unsent::Unknown(_)) => return Err(Failure::from(unsent).into()),
        }
    }
}
