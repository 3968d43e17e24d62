//! Creating a key: noted, sent until an answer comes, told, and only then forgotten.

mod send;

pub(crate) use send::{made_no_key, settles};

use crate::client::{Creation, NewKey, Owner};
use crate::domain::{AccessKey, KeyId};
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::messages::{NOTHING_UNFINISHED, UNFINISHED_ELSEWHERE};
use crate::operations::prompts::interrupt::{Flow, Interrupt};

/// Creates a key and tells its user, by `tell`, what came of it. Until that is done the journal keeps the create and the
/// server the sealed secret, so that a start after a crash gets it.
pub(crate) async fn create<A: Access, T>(
    access: &mut A,
    new: &NewKey,
    journal: &mut PendingCreates,
    tell: impl AsyncFnOnce(&mut A, Creation) -> Flow<T>,
) -> Flow<T> {
    access.client().await?; // whose create it is must be known before it is noted
    let may_be_made = journal.has(&new.attempt.name);
    if let Some(owner) = access.owner() {
        journal.record(&owner, new);
    }
    let earlier = journal.earlier(&new.attempt.name);
    match send::send(access, new.clone(), earlier, may_be_made).await {
        Ok(creation) => {
            let sealed = match &creation {
                Creation::New(key, _) if new.attempt.seal_key.is_some() => Some(key.id.clone()),
                _ => None,
            };
            let told = match tell(access, creation).await {
                // The secret has reached no one yet: the note and what the server has can still give it.
                Err(Interrupt::Failed(why)) if why.is_lost && sealed.is_some() && journal.has(&new.attempt.name) => {
                    return Err(finishable(why).into());
                }
                told => told,
            };
            // First: from here on nobody can open what the server has.
            journal.resolve(&new.attempt.name);
            if let Some(id) = sealed {
                access.connection().client.delivered(&id).await;
            }
            told
        }
        Err(not_sent) => {
            if not_sent.is_certain {
                journal.resolve(&new.attempt.name);
            }
            Err(not_sent.why)
        }
    }
}

/// A new secret is nowhere but with the server.
fn finishable(why: Failure) -> Failure {
    why.next("The command finish gets the secret from the server within ten minutes: start latchkey again and type it.")
        .command("Run latchkey keys create --finish, which gets the secret from the server within ten minutes.")
}

/// Nothing can be finished by this process.
pub(crate) fn nothing_unfinished(journal: &PendingCreates, owner: Option<&Owner>) -> Failure {
    if owner.is_some_and(|owner| journal.is_elsewhere(owner)) {
        return Failure::new(Exit::Conflict, UNFINISHED_ELSEWHERE);
    }
    Failure::new(Exit::NotFound, NOTHING_UNFINISHED)
}

/// An earlier attempt under the same name made the key, and the answer with its secret was lost.
pub(crate) fn already_exists(key: &AccessKey) -> Failure {
    let id = key.id.to_display(KeyId::MAX_CHARS);
    let exists =
        Failure::new(Exit::Conflict, format!("An earlier attempt created {id}, and its secret is sent only once."));
    if key.replaces().is_some() {
        return exists.next("If you don't have it, undo the rotation and rotate the key again.").command(format!(
            "If you don't have it, undo the rotation (latchkey keys rotate {id} --undo) and rotate the key again."
        ));
    }
    exists
        .next("If you don't have it, delete this key and create another.")
        .command(format!("If you don't have it, delete this key (latchkey keys delete {id}) and create another."))
}
