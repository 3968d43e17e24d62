//! A new key, from its label to the only copy of its secret.

use chrono::{DateTime, Utc};

use crate::client::{CreateAttempt, Creation, NewKey};
use crate::domain::{AccessKey, Texts};
use crate::operations::keys::create::{already_exists, create};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::form::ExpiryInput;
use crate::plain::keys::{change, form, rotate};
use crate::plain::secrets::reveal;
use crate::plain::session::Session;

/// Asks what it shall be, creates it, and offers its secret.
pub(crate) async fn run(session: &mut Session) -> Flow<()> {
    session.rescue()?; // before anything is asked
    form::tell_way_back(session, "then no key is made.");
    let Some((texts, expires_at)) = ask(session).await? else {
        session.console.say("No key was made.");
        return Ok(());
    };
    let new = NewKey { attempt: CreateAttempt::random(), texts, expires_at, replaces: None };
    send_and_tell(session, &new, &mut PendingCreates::of(&session.config)).await
}

/// Asks for texts and expiry; none to make no key.
async fn ask(session: &mut Session) -> Flow<Option<(Texts, Option<DateTime<Utc>>)>> {
    let Some(texts) = form::texts(session, "Enter for none").await? else { return Ok(None) };
    let limits = form::lifetimes(session).await?;
    let default = limits.default.map_or_else(|| "never".to_owned(), |days| format!("{days}d"));
    Ok(match form::expires(session, &format!("Enter for {default}"), limits).await? {
        ExpiryInput::Back => None,
        ExpiryInput::Kept => Some((texts, limits.default_end(session.connection.client.server_time().await))),
        ExpiryInput::Is(end) => Some((texts, end)),
    })
}

/// Creates a key, and tells what came of it.
pub(crate) async fn send_and_tell(session: &mut Session, new: &NewKey, journal: &mut PendingCreates) -> Flow<()> {
    let rescue = session.rescue()?;
    create(session, new, journal, async |session: &mut Session, creation| match creation {
        Creation::New(key, secret) => reveal::run(session, key, secret, &rescue).await,
        Creation::Replayed(key) => lost(session, &key).await,
    })
    .await
}

pub(crate) async fn lost(session: &mut Session, key: &AccessKey) -> Flow<()> {
    session.fail(&already_exists(key).sentences());
    if key.replaces().is_some() {
        return rotate::take_back(session, key).await;
    }
    if !session.console.confirm("Delete it?").await? {
        session.console.say("The key was kept.");
        return Ok(());
    }
    change::delete_this(session, key).await
}
