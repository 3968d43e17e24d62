//! A new key, from its label to the only copy of its secret.

use chrono::Utc;

use super::desk::Desk;
use super::trouble::{Trouble, Turn};
use super::{form, reveal};
use crate::api::{ApiError, Creation, IdempotencyKey, NewKey};
use crate::cli::{Failure, Rescue, Unsent, send};
use crate::model::{KeyId, Untrusted};
use crate::unfinished::Unfinished;

/// Asks what it shall be, makes it, and offers its secret.
pub(super) async fn run(desk: &mut Desk) -> Turn<()> {
    let rescue = desk.rescue()?;
    let label = form::label(desk, "Enter for none").await?.unwrap_or_default();
    let expires_at = form::expires(desk, "Enter for never").await?.and_then(|end| end.at(Utc::now()));
    let new = NewKey { idempotency_key: IdempotencyKey::random(), label, expires_at };
    let mut unfinished = note(desk, &new).await?;
    let made = make(desk, &new, &mut unfinished).await?;
    let told = tell(desk, made, &rescue).await;
    unfinished.settle(&new.idempotency_key);
    told
}

/// Writes down that a create begins, for a start after a crash; says what an earlier run left over.
async fn note(desk: &mut Desk, new: &NewKey) -> Turn<Unfinished> {
    desk.signed_in().await?; // whose it is must be known
    let mut unfinished = Unfinished::of(&desk.config);
    let profile = desk.server.profile.name.clone();
    let username = desk.server.who.as_ref().map(|who| who.username.raw_for_api().to_owned());
    for left in unfinished.left(&profile, username.as_deref(), Utc::now()) {
        let (at, label) = (left.at.format("%Y-%m-%d %H:%M UTC"), Untrusted::new(left.new.label.as_str()).label(100));
        desk.talk.say(format!(
            "A create of “{label}” was under way at {at} when latchkey ended. Open the page, which can finish it."
        ));
    }
    unfinished.note(&profile, username.as_deref(), new);
    Ok(unfinished)
}

/// Offers the secret, or says that it was lost.
async fn tell(desk: &mut Desk, made: Creation, rescue: &Rescue) -> Turn<()> {
    match made {
        Creation::New(key, secret) => reveal::run(desk, key, secret, rescue).await,
        Creation::Replayed(key) => {
            let id = key.id.label(KeyId::MAX_CHARS);
            Err(Trouble::Failed(format!(
                "Key {id} was made, but the answer with its secret was lost on the way. A secret is sent once: delete \
                 this key and create another."
            )))
        }
    }
}

/// One key, however often it is sent. A signal does not end it: the answer may be the only copy of a secret.
async fn make(desk: &mut Desk, new: &NewKey, unfinished: &mut Unfinished) -> Turn<Creation> {
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
