//! The call that creates a key, until its answer comes.

use std::pin::pin;
use std::time::Duration;

use crate::client::{ApiError, Client, Creation, NewKey};
use crate::operations::failure::{Exit, Failure};
use crate::operations::prompter::Prompter;

/// How often a create is sent, always under one name: one key is made at the most.
const TRIES: u32 = 4;
/// Before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// Why there is no new key in hand.
#[derive(Debug)]
pub enum Unsent {
    /// The server said no: no key was made.
    Refused(ApiError),
    /// No answer came, so that it is not known whether a key was made.
    Unknown(ApiError),
}

/// Sends the call until an answer comes.
pub async fn send(client: &Client, new: &NewKey, prompter: &mut impl Prompter) -> Result<Creation, Unsent> {
    let (mut pause, mut attempt) = (PAUSE, 1);
    loop {
        let error = match answered(client, new, prompter).await {
            Ok(creation) => return Ok(creation),
            Err(error) => error,
        };
        // 409: the first call is still at work (HTTP contract, part B).
        if !error.is_passing() && !matches!(error, ApiError::Conflict(409, _)) {
            return Err(Unsent::Refused(error));
        }
        if attempt == TRIES || prompter.guard().is_heard() {
            return Err(Unsent::Unknown(error));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            () = prompter.guard().signal() => return Err(Unsent::Unknown(error)),
        }
        attempt += 1;
    }
}

/// One call. A signal does not end it, since its answer may be the only copy of a secret.
async fn answered(client: &Client, new: &NewKey, prompter: &mut impl Prompter) -> Result<Creation, ApiError> {
    let mut call = pin!(client.create(new));
    tokio::select! {
        result = &mut call => return result,
        () = prompter.guard().signal() => {}
    }
    prompter.warn("A key is being made: waiting for the server's answer, to keep its secret.");
    call.await
}

impl From<Unsent> for Failure {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Refused(error) => error.into(),
            Unsent::Unknown(error) => {
                Self::new(Exit::Unreachable, format!("{error} It is not known whether the key was made.")).next(
                    "Look at the newest with latchkey keys list --limit 5: if it is there, delete it, since its secret \
                     is lost.",
                )
            }
        }
    }
}
