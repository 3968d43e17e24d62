//! Steps two and three, for one pair of ID and secret: an HMAC token, the exchange, and what is wrong if it fails.

mod diagnosis;

use secrecy::{ExposeSecret, SecretString};

use super::delivery;
use super::delivery::Credential;
use super::session::Session;
use super::show::time;
use crate::client::{Client, Target};
use crate::domain::diagnosis::{KeyState, of_end};
use crate::domain::{Content, CurlEndpoint, Grant, KeyId, SecretKey, Verdict, curl_text, hmac_token, sentence};
use crate::operations::input;
use crate::operations::interrupt::{Flow, Interrupt};
use crate::operations::prompter::Prompter as _;
use crate::platform::random;
use diagnosis::{found, look};

/// Cells of words of the server.
const CELLS: usize = 120;

/// A pair, and the server that knows it.
pub(crate) struct Pair {
    pub(crate) id: KeyId,
    pub(crate) secret: SecretKey,
    /// Where the exchange goes; speaks for nobody.
    pub(crate) client: Client,
    pub(crate) target: Target,
    /// Whether it is the profile's server, whose list of keys may be asked.
    pub(crate) is_here: bool,
}

impl Pair {
    /// A pair of the profile's server.
    pub(crate) fn here(session: &Session, id: KeyId, secret: SecretKey) -> Self {
        Self { id, secret, client: session.anyone(), target: session.server.target.clone(), is_here: true }
    }
}

/// Asks for a content; none stands for a fresh random one.
pub(crate) async fn content(session: &mut Session, secret: &SecretKey) -> Flow<Option<Content>> {
    let typed = session.console.ask("Content (Enter for a fresh random one): ").await?;
    if typed.is_empty() {
        return Ok(None);
    }
    if typed.contains(secret.expose()) {
        return Err(Interrupt::words("the secret stands in the content, which is sent in the clear: take it out"));
    }
    input::content(&typed).map(Some).map_err(|why| Interrupt::words(&why))
}

fn draw() -> Flow<Content> {
    random::content().map_err(|error| Interrupt::failed(format!("The system gives no random numbers: {error}.")))
}

/// Makes an HMAC token and offers it. Asks for the content if none is given.
pub(crate) async fn hmac(session: &mut Session, pair: &Pair, given: Option<Content>) -> Flow<()> {
    let chosen = match given {
        Some(content) => Some(content),
        None => content(session, &pair.secret).await?,
    };
    let content = chosen.map_or_else(draw, Ok)?;
    let token = hmac_token(pair.secret.expose().as_bytes(), content.as_str().as_bytes());
    session.console.say(format!("Content: {}", content.as_str()));
    session
        .console
        .say("HMAC token: made, not shown. With ID and content it is a credential until the key is deleted.");
    let endpoint = match &pair.target {
        Target::Url(base) => CurlEndpoint::Url(base.as_str()),
        Target::Socket(path) => CurlEndpoint::Socket(path),
    };
    let request = curl_text(endpoint, &pair.id, &token, &content);
    let request = Credential { name: "request for curl", text: &request };
    delivery::offer(session, &Credential { name: "HMAC token", text: token.expose() }, &request).await
}

/// Tries the exchange, says what came of it, and offers the access token. An HMAC token that fails elsewhere is looked at.
pub(crate) async fn test(
    session: &mut Session,
    pair: &Pair,
    content: Option<Content>,
    failing: Option<&SecretString>,
) -> Flow<()> {
    let given = content.clone();
    let content = content.map_or_else(draw, Ok)?;
    let token = hmac_token(pair.secret.expose().as_bytes(), content.as_str().as_bytes());
    let exchanged = session.console.wait(pair.client.exchange(&pair.id, &token, &content)).await?;
    let clocks = exchanged.server_time.map(|theirs| (theirs, chrono::Utc::now()));
    let failing = failing.map(ExposeSecret::expose_secret);
    match exchanged.result {
        Ok(grant) => {
            session.console.say("The exchange gave an access token.");
            session.console.say(format!("It expires: {}.", time(grant.expires_at)));
            if let Some(ended) = of_end(grant.expires_at, chrono::Utc::now()) {
                session.console.say(format!("{} {}", ended.what, ended.next));
            }
            say_verdict(session, pair, &grant).await?;
            found(session, pair, given.as_ref(), failing, diagnosis::Known::works(clocks));
            let token = Credential { name: "access token", text: grant.access_token.expose() };
            delivery::offer(session, &token, &delivery::NOTHING).await
        }
        Err(error) => {
            session.console.say("The exchange gave no access token.");
            session.console.say(error.to_string());
            let was_refused = error.is_refused_pair();
            let key = if was_refused && pair.is_here { look(session, &pair.id).await? } else { KeyState::Unknown };
            found(session, pair, Some(&content), failing, diagnosis::Known { key, was_refused, clocks, works: false });
            Ok(())
        }
    }
}

async fn say_verdict(session: &mut Session, pair: &Pair, grant: &Grant) -> Flow<()> {
    let words = match session.console.wait(pair.client.verify(&grant.access_token)).await? {
        Ok(Verdict::Good(id)) if id == pair.id => "The server accepts the token: it is this key's.".to_owned(),
        Ok(Verdict::Good(id)) => {
            format!("The server accepts the token, but says it is of key {}.", id.to_display(KeyId::MAX_CHARS))
        }
        Ok(Verdict::Refused(words)) => sentence(&format!("the server refuses the token: {}", words.to_display(CELLS))),
        Ok(Verdict::NotOffered) => "This server has no call that tells whether a token is good.".to_owned(),
        Err(error) => format!("Whether it is good is not known: {error}"),
    };
    session.console.say(words);
    Ok(())
}
