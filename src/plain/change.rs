//! What changes a key that is there.

use chrono::Utc;

use super::form;
use super::form::ExpiryInput;
use super::list::which;
use super::session::Session;
use super::show::{facts, time};
use crate::client::Changes;
use crate::domain::{AccessKey, KeyId, Status};
use crate::operations::access::Access as _;
use crate::operations::interrupt::{Flow, Interrupt};
use crate::operations::prompter::Prompter as _;

/// Cells of a label that is asked about.
const LABEL_CELLS: usize = 100;

async fn key(session: &mut Session, rest: &str) -> Flow<AccessKey> {
    let id = which(session, rest).await?;
    session.call(async |client| client.key(&id).await).await
}

async fn change(session: &mut Session, id: &KeyId, changes: &Changes) -> Flow<()> {
    let key = session.call(async |client| client.edit(id, changes).await).await?;
    session.console.say("Changed:");
    facts(session, &key);
    Ok(())
}

/// Asks for a new label and a new end.
pub(crate) async fn edit(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    form::tell_way_back(session, "then nothing is changed.");
    let label = form::label(session, "Enter keeps it, - for none").await?;
    let changes = match form::expires(session, "Enter keeps it").await? {
        ExpiryInput::Back => Changes::default(),
        ExpiryInput::Kept => Changes { label, ..Changes::default() },
        ExpiryInput::Is(end) => Changes { label, expires_at: Some(end.at(Utc::now())), status: None },
    };
    if changes == Changes::default() {
        session.console.say("Nothing was changed.");
        return Ok(());
    }
    change(session, &key.id, &changes).await
}

/// Switches a key on or off; over, if neither is said.
pub(crate) async fn switch(session: &mut Session, rest: &str, to: Option<Status>) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    let to = match (to, key.status) {
        (Some(to), _) => to,
        (None, Status::Active) => Status::Inactive,
        (None, Status::Inactive) => Status::Active,
        (None, Status::Expired) => {
            session.console.say("It has expired: edit sets a new end.");
            return Ok(());
        }
    };
    if key.status == to {
        session.console.say(format!("It is {} already.", to.as_str()));
        return Ok(());
    }
    let (what, question) = if to == Status::Active {
        let words =
            "It will be accepted again, at once. Access tokens from before stay refused: clients fetch new ones.";
        (words, "Activate it?")
    } else {
        let words = "Requests that use it, and access tokens made from it, fail at once. It can be activated again.";
        (words, "Deactivate it?")
    };
    session.console.say(what);
    if !session.console.confirm(question).await? {
        session.console.say("Nothing was changed.");
        return Ok(());
    }
    change(session, &key.id, &Changes { status: Some(to), ..Changes::default() }).await
}

/// Deletes the key that is meant.
pub(crate) async fn delete(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    delete_this(session, &key).await
}

/// Deletes a key, if the end of its ID is typed, and in production the profile's name.
pub(crate) async fn delete_this(session: &mut Session, key: &AccessKey) -> Flow<()> {
    let label = if key.label.is_empty() { "(no label)".to_owned() } else { key.label.to_display(LABEL_CELLS) };
    let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", time(at)));
    let id = key.id.to_display(KeyId::MAX_CHARS);
    session.console.say(format!("{label}, {id}, {}, {used}.", key.status.as_str()));
    session.console.say("Requests that use this key will fail at once. This cannot be undone.");
    confirm(session, &key.id).await?;
    let was_there = session.call(async |client| client.remove(&key.id).await).await?;
    session.console.say(if was_there { format!("Deleted {id}.") } else { format!("{id} was deleted already.") });
    Ok(())
}

async fn confirm(session: &mut Session, id: &KeyId) -> Flow<()> {
    let no = |what| Err(Interrupt::failed(format!("That is not {what}: nothing was deleted.")));
    let typed = session.console.ask("Type the last four characters of its ID to delete it: ").await?;
    if !typed.eq_ignore_ascii_case(&id.last_four()) {
        return no("the end of its ID");
    }
    if session.server.profile.production {
        let name = session.server.profile.name.clone();
        if session.console.ask(format!("{name} is a production profile. Type its name to go on: ")).await? != name {
            return no("its name");
        }
    }
    Ok(())
}
