//! What changes a key that is there.

use crate::client::Changes;
use crate::domain::{AccessKey, KeyId};
use crate::operations::access::Access as _;
use crate::operations::keys::activate::{NotSwitched, Switch, a_while};
use crate::operations::keys::activity::usage;
use crate::operations::keys::bulk::Unusual;
use crate::operations::keys::edit::Conflict;
use crate::operations::keys::{changes, delete, edit};
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::form::ExpiryInput;
use crate::plain::keys::list::key;
use crate::plain::keys::show::facts;
use crate::plain::keys::{all, form};
use crate::plain::session::{Session, Undo};

/// Makes a change; asks again if another administrator was faster.
async fn change(session: &mut Session, mut key: AccessKey, mut changes: Changes) -> Flow<()> {
    loop {
        match session.call(async |client| edit::send(client, &key, &changes).await).await? {
            Ok(done) => {
                session.undo =
                    changes::back(&key, &done.result).map(|back| Undo::One(Box::new(done.result.clone()), back));
                session.console.say(changes::saved(&key, &done.result, done.in_force));
                facts(session, &done.result);
                return Ok(());
            }
            Err(Conflict { now, words }) => {
                session.console.say(format!("{words} {}", messages::NOTHING_CHANGED));
                facts(session, &now);
                if !session.console.confirm("Make your change to the key as it is now?").await? {
                    return Ok(());
                }
                changes.revision = now.revision;
                key = now;
            }
        }
    }
}

/// Takes the last change back, unless the key was changed since.
pub(crate) async fn undo(session: &mut Session) -> Flow<()> {
    let (key, back) = match &session.undo {
        Some(Undo::One(key, back)) => (key.clone(), back.clone()),
        Some(Undo::Many(_)) => return all::undo(session).await,
        None => {
            session.console.say(messages::nothing_to_undo(""));
            return Ok(());
        }
    };
    let undone = session.call(async |client| edit::send(client, &key, &back).await).await?;
    session.undo = None; // not before the server has answered
    match undone {
        Ok(done) => session.console.say(changes::undone(&key, &done.result, done.in_force)),
        Err(Conflict { words, now }) => session.console.say(changes::not_undone(&now, &words)),
    }
    Ok(())
}

/// Asks for a new label and a new expiry date.
pub(crate) async fn edit(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    form::tell_way_back(session, "then nothing is changed.");
    let Some(changes) = ask(session, &key).await? else {
        session.console.say(messages::NOTHING_CHANGED);
        return Ok(());
    };
    change(session, key, changes).await
}

/// Asks what shall change; none if nothing.
async fn ask(session: &mut Session, key: &AccessKey) -> Flow<Option<Changes>> {
    let Some(texts) = form::texts(session, "Enter keeps it, - for none").await? else { return Ok(None) };
    let limits = form::lifetimes(session).await?;
    Ok(match form::expires(session, "Enter keeps it", limits).await? {
        ExpiryInput::Back => None,
        ExpiryInput::Kept => edit::changes(key, texts, None),
        ExpiryInput::Is(end) => edit::changes(key, texts, Some(end)),
    })
}

/// Activates or deactivates a key; the one that it can take, if neither is said.
pub(crate) async fn switch(session: &mut Session, rest: &str, wanted: Option<Switch>) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    let switch = match Switch::of(&key, wanted) {
        Ok(switch) => switch,
        Err(NotSwitched::Expired) => {
            session.console.say(format!("{} Set a new expiry date with edit.", NotSwitched::Expired));
            return Ok(());
        }
        Err(why) => {
            session.console.say(why.to_string());
            return Ok(());
        }
    };
    if switch != Switch::Activate {
        let impact = impact(session, &key).await?;
        for words in Unusual::protection(&key).into_iter().chain(impact) {
            session.console.say(words);
        }
    }
    session.console.say(switch.consequence());
    let confirmed = match switch {
        Switch::Activate => session.console.confirm("Activate it?").await?.then_some(switch),
        Switch::Deactivate(_) => how_long(session).await?,
    };
    let Some(switch) = confirmed else {
        session.console.say(messages::NOTHING_CHANGED);
        return Ok(());
    };
    let changes = switch.changes(&key);
    change(session, key, changes).await
}

/// Asks whether a key is deactivated, for good or for a while.
async fn how_long(session: &mut Session) -> Flow<Option<Switch>> {
    loop {
        let question = "Deactivate it? 15m, 1h or 1d does it for a while (yes or no, Enter for no): ";
        match session.console.ask(question).await?.to_lowercase().as_str() {
            "yes" | "y" => return Ok(Some(Switch::Deactivate(None))),
            "" | "no" | "n" => return Ok(None),
            typed => match a_while(typed) {
                Ok(span) => {
                    let now = session.client().await?.server_time().await;
                    return Ok(Some(Switch::Deactivate(Some(now + span))));
                }
                Err(why) => session.console.say(format!("Type yes or no. For a while, {why}.")),
            },
        }
    }
}

/// What would stop working with a key, if the server says.
async fn impact(session: &mut Session, key: &AccessKey) -> Flow<Option<String>> {
    let client = session.client().await?;
    session.console.wait(usage::impact_at(&client, &key.id)).await
}

/// Deletes the key that is meant.
pub(crate) async fn delete(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    delete_this(session, &key).await
}

/// Deletes a key, if that is confirmed.
pub(crate) async fn delete_this(session: &mut Session, key: &AccessKey) -> Flow<()> {
    let production = session.connection.server.production();
    let impact = impact(session, key).await?;
    if let Err(why) = delete::confirm(&mut session.console, key, impact, production).await? {
        return Err(Interrupt::failed(format!("{why} {}", messages::NOTHING_DELETED)));
    }
    let deleted = session.call(async |client| client.delete(&key.id, key.revision).await).await?;
    let id = key.id.to_display(KeyId::MAX_CHARS);
    session.console.say(if deleted.result {
        messages::deleted(&key.id, Some(&key.label), deleted.in_force)
    } else {
        format!("{id} was already deleted.")
    });
    Ok(())
}
