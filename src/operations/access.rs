//! A server, and the person for whom it is asked.

use crate::client::{ApiError, Client, Connection, Owner};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;

/// What an operation works with: a conversation, and a server that knows who is signed in.
pub(crate) trait Access {
    type Prompter: Prompter;

    fn prompter(&mut self) -> &mut Self::Prompter;

    /// The server, and the session there.
    fn connection(&self) -> &Connection;

    /// A client that may ask about keys; signs in first where that is needed and not done yet.
    async fn client(&mut self) -> Flow<Client> {
        Ok(self.connection().client.clone())
    }

    /// Takes note that the server no longer knows the session. Returns whether another one can be begun.
    fn session_ended(&mut self) -> bool {
        false
    }

    /// Whose creates these are; none before sign-in, where that is needed.
    fn owner(&self) -> Option<Owner> {
        self.connection().server.owner()
    }

    /// Makes one call. If the session has ended, signs in again and repeats it.
    async fn call<T>(&mut self, ask: impl AsyncFn(&Client) -> Result<T, ApiError>) -> Flow<T> {
        Ok(self.try_call(ask).await??)
    }

    /// The same, where a refusal is told in other words.
    async fn try_call<T>(&mut self, ask: impl AsyncFn(&Client) -> Result<T, ApiError>) -> Flow<Result<T, ApiError>> {
        loop {
            let client = self.client().await?;
            match self.prompter().wait(ask(&client)).await? {
                Err(ApiError::NotSignedIn(_)) if self.session_ended() => {}
                answer => return Ok(answer),
            }
        }
    }
}
