//! Step three: the exchange alone, and whether an access token is good.

use crate::client::Client;
use crate::domain::{AccessToken, Content, Grant, HmacToken, KeyId, Verdict};
use crate::operations::failure::{Exit, Failure};
use crate::operations::messages;

/// Exchanges an HMAC token for an access token.
pub(crate) async fn exchange(
    client: &Client,
    id: &KeyId,
    token: &HmacToken,
    content: &Content,
) -> Result<Grant, Failure> {
    client.exchange(id, token, content).await.result.map_err(|error| match Failure::from(&error) {
        failure if error.is_refused_pair() => {
            failure.command(format!("Find out why with: latchkey doctor {}", id.to_display(KeyId::MAX_CHARS)))
        }
        failure => failure,
    })
}

/// Asks whether an access token is good, and of which key it is.
pub(crate) async fn verify(client: &Client, token: &AccessToken) -> Result<KeyId, Failure> {
    match client.verify(token).await? {
        Verdict::Good(id) => Ok(id),
        Verdict::Refused(why) => Err(Failure::new(Exit::NotGood, messages::token_refused(&why))
            .command("Get a fresh one with: latchkey token ID")),
        Verdict::NotOffered => Err(Failure::new(Exit::Mistake, messages::NO_VERIFICATION)
            .next("Try the token with the request that needs it.")),
    }
}
