//! A new key, from its label to the only copy of its secret.

use chrono::Utc;

use super::desk::Desk;
use super::trouble::{Trouble, Turn};
use super::{form, reveal};
use crate::api::{ApiError, Creation, IdempotencyKey, NewKey};
use crate::cli::{Failure, Unsent, send};
use crate::model::KeyId;

/// Asks what it shall be, makes it, and offers its secret.
pub(super) async fn run(desk: &mut Desk) -> Turn<()> {
    let rescue = desk.rescue()?;
    let label = form::label(desk, "Enter for none").await?.unwrap_or_default();
    let expires_at = form::expires(desk, "Enter for never").await?.and_then(|end| end.at(Utc::now()));
    let new = NewKey { idempotency_key: IdempotencyKey::random(), label, expires_at };
    match make(desk, &new).await? {
        Creation::New(key, secret) => reveal::run(desk, key, secret, &rescue).await,
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
async fn make(desk: &mut Desk, new: &NewKey) -> Turn<Creation> {
    loop {
        let client = desk.signed_in().await?;
        desk.talk.show().await?;
        match send(&client, new, &mut desk.talk.held).await {
            Ok(creation) => return Ok(creation),
            Err(Unsent::Refused(ApiError::NotSignedIn(_))) if desk.server.profile.signs_in => desk.forget_session(),
            Err(Unsent::Refused(error)) => return Err(error.into()),
            Err(unsent @ Unsent::Unknown(_)) => return Err(Failure::from(unsent).into()),
        }
    }
}
