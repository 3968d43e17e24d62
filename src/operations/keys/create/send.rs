//! The call that creates a key, until its answer comes.

use std::pin::pin;
use std::time::Duration;

use crate::client::{ApiError, Client, Creation, NewKey};
use crate::domain::KeyId;
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::prompts::interrupt::Interrupt;
use crate::operations::prompts::prompter::Prompter;

/// How often the creation of a key is requested, always under one name: at most one key is made.
const TRIES: u32 = 4;
/// Before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// Why there is no new key in hand.
pub(crate) struct NotSent {
    pub(crate) why: Interrupt,
    /// Whether it is certain that no key was made.
    pub(crate) is_certain: bool,
}

/// Sends the call until an answer comes, signing in again if the session ends meanwhile. `may_be_made` says whether an
/// earlier run may have made the key, and `earlier` with which other values, the latest last.
pub(crate) async fn send(
    access: &mut impl Access,
    mut new: NewKey,
    mut earlier: Vec<NewKey>,
    mut may_be_made: bool,
) -> Result<Creation, NotSent> {
    let open = |why| NotSent { why, is_certain: false };
    let (mut pause, mut attempt) = (PAUSE, 1);
    loop {
        let client = access.client().await.map_err(open)?;
        access.prompter().flush().await.map_err(open)?;
        let prompter = access.prompter();
        let error = match answered(&client, &new, prompter).await {
            Ok(creation) => return Ok(creation),
            Err(error) => error,
        };
        if matches!(error, ApiError::Conflict(422, _))
            && let Some(before) = earlier.pop()
        {
            (new, may_be_made) = (before, true);
            continue;
        }
        if made_no_key(&error) {
            if matches!(error, ApiError::NotSignedIn(_)) && access.session_ended() {
                continue;
            }
            let is_certain = settles(&new, &error, may_be_made);
            let why = if is_certain { error.into() } else { unknown(&new, &error).into() };
            return Err(NotSent { why, is_certain });
        }
        may_be_made = true;
        if attempt == TRIES || prompter.guard().is_heard() {
            return Err(open(unknown(&new, &error).into()));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            () = prompter.guard().signal() => return Err(open(unknown(&new, &error).into())),
        }
        attempt += 1;
    }
}

/// Whether an answer says for certain that this attempt made no key. 409: the first call is still at work; 422: a key was
/// made under this name with other values (HTTP contract, part B).
pub(crate) const fn made_no_key(error: &ApiError) -> bool {
    !error.is_passing() && !matches!(error, ApiError::Conflict(..))
}

/// Whether an answer says for certain that there is no key of this attempt, if an earlier try may have made it: a server
/// that looks at who asks first says nothing of that.
pub(crate) const fn settles(new: &NewKey, error: &ApiError, may_be_made: bool) -> bool {
    match error {
        ApiError::CreatedGone | ApiError::Changed(_) | ApiError::NotRotated(_) => true,
        ApiError::NotFound(_) if new.replaces.is_some() => true,
        error => made_no_key(error) && !may_be_made,
    }
}

/// One call. A signal does not end it, since its answer may be the only copy of a secret.
async fn answered(client: &Client, new: &NewKey, prompter: &mut impl Prompter) -> Result<Creation, ApiError> {
    let mut call = pin!(client.create(new));
    tokio::select! {
        result = &mut call => return result,
        () = prompter.guard().signal() => {}
    }
    prompter.warn("A key is being created: waiting for the server's answer, to keep its secret.");
    call.await
}

fn unknown(new: &NewKey, error: &ApiError) -> Failure {
    let exit = if made_no_key(error) { Failure::from(error).exit } else { Exit::Unreachable };
    let unknown = Failure::new(exit, format!("{error} It is not known whether the key was created."));
    if let Some(old) = &new.replaces {
        let old = old.id.to_display(KeyId::MAX_CHARS);
        return unknown
            .next(
                "The command finish gets its secret within ten minutes. After that, undo the rotation if it has begun.",
            )
            .command(format!(
                "Run latchkey keys create --finish, which gets its secret within ten minutes. After that, undo the \
                 rotation if it has begun (latchkey keys rotate {old} --undo)."
            ));
    }
    unknown
        .next("The command finish gets its secret within ten minutes. After that, delete the key if it is in the list.")
        .command(
            "Run latchkey keys create --finish, which gets its secret within ten minutes. After that, delete the key if it \
             is in the list (latchkey keys list --limit 5).",
        )
}
