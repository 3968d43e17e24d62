//! A new key, from its label to the only copy of its secret.

use chrono::Utc;

use super::form::ExpiryInput;
use super::interrupt::Flow;
use super::session::Session;
use super::{change, form, reveal};
use crate::client::{ApiError, Creation, IdempotencyKey, NewKey};
use crate::domain::{AccessKey, KeyId};
use crate::operations::create::send::{Unsent, send};
use crate::operations::deliver::Rescue;
use crate::operations::failure::Failure;
use crate::operations::pending::PendingCreates;

/// Asks what it shall be, makes it, and offers its secret.
pub(crate) async fn run(desk: &mut Session) -> Flow<()> {
    let rescue = desk.rescue()?;
    form::tell_way_back(desk, "then no key is made.");
    let label = form::label(desk, "Enter for none").await?.unwrap_or_default();
    let expires_at = match form::expires(desk, "Enter for never").await? {
        ExpiryInput::Back => {
            desk.talk.say("No key was made.");
            return Ok(());
        }
        ExpiryInput::Kept => None,
        ExpiryInput::Is(end) => end.at(Utc::now()),
    };
    let new = NewKey { idempotency_key: IdempotencyKey::random(), label, expires_at };
    desk.signed_in().await?; // whose it is must be known
    // A start after a crash knows by this note that a key may have been made whose secret nobody has.
    let mut unfinished = PendingCreates::of(&desk.config);
    let (profile, username) = desk.whose().unwrap_or_default();
    unfinished.note(&profile, username.as_deref(), &new);
    send_and_tell(desk, &new, &mut unfinished, &rescue).await
}

/// Makes a key that is noted, and tells what came of it.
pub(crate) async fn send_and_tell(
    desk: &mut Session,
    new: &NewKey,
    unfinished: &mut PendingCreates,
    rescue: &Rescue,
) -> Flow<()> {
    let told = match make(desk, new, unfinished).await? {
        Creation::New(key, secret) => reveal::run(desk, key, secret, rescue).await,
        Creation::Replayed(key) => lost(desk, &key).await,
    };
    unfinished.settle(&new.idempotency_key);
    told
}

/// A key that was made before, and whose answer nobody got.
async fn lost(desk: &mut Session, key: &AccessKey) -> Flow<()> {
    let id = key.id.label(KeyId::MAX_CHARS);
    desk.fail(&format!(
        "Key {id} was made, but the answer with its secret was lost on the way. A secret is sent once: delete this key \
         and create another."
    ));
    if !desk.talk.yes("Delete it?").await? {
        desk.talk.say("The key was kept.");
        return Ok(());
    }
    change::delete_this(desk, key).await
}

/// One key, however often it is sent. A signal does not end it: the answer may be the only copy of a secret.
async fn make(desk: &mut Session, new: &NewKey, unfinished: &mut PendingCreates) -> Flow<Creation> {
    loop {
        let client = desk.signed_in().await?;
        desk.talk.show().await?;
        match send(&client, new, &mut desk.talk.held).await {
            Ok(creation) => return Ok(creation),
            Err(Unsent::Refused(ApiError::NotSignedIn(_))) if desk.server.profile.signs_in => desk.forget_session(),
            Err(Unsent::Refused(error)) => {
                unfinished.settle(&new.idempotency_key);
                return Err(error.into());
            }
            // Perhaps it was made: the note stays.
            Err(unsent @ Unsent::Unknown(_)) => return Err(Failure::from(unsent).into()),
        }
    }
}
