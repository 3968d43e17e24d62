//! Steps two and three for a key that was made earlier or elsewhere, and the doctor. Nothing typed here is stored.

use secrecy::SecretString;

use super::delivery::hidden;
use super::exchange;
use super::exchange::Pair;
use super::list::which;
use super::session::Session;
use crate::client::{Client, ConnectionSettings, Target};
use crate::domain::credential_kind::{ExpectedInput, check_pair};
use crate::domain::looks_secret;
use crate::domain::{BaseUrl, Content, SecretKey, sentence};
use crate::operations::interrupt::{Flow, Interrupt};
use crate::operations::prompter::Prompter as _;

const CHOICES: [(&str, &str); 4] = [
    ("HMAC token", "make one from secret and content"),
    ("Access token", "exchange ID and secret for one"),
    ("Doctor", "say what is wrong, if something is"),
    ("Close", "forget the secret"),
];

/// Asks for a pair, and what to do with it.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let (client, target, is_here) = server(session).await?;
    let id = which(session, rest).await?;
    let secret = hidden(session, "Secret access key (not shown while you type, Enter to go back): ").await?;
    if secret.is_empty() {
        return Ok(());
    }
    if let Err(wrong) = check_pair(id.raw_for_api(), &secret) {
        if wrong.is_certain {
            return Err(Interrupt::words(&wrong.to_string()));
        }
        session.console.say(sentence(&wrong.to_string()));
    }
    let pair = Pair { id, secret: SecretKey::foreign(&secret), client, target, is_here };
    drop(secret);
    let mut chosen = session.console.choose("Token", &CHOICES).await?;
    loop {
        let done = match chosen {
            0 => exchange::hmac(session, &pair, None).await,
            1 => exchange(session, &pair).await,
            2 => doctor(session, &pair).await,
            _ => return Ok(()),
        };
        session.say_if_failed(done)?;
        chosen = session.console.choose_again("Token", &CHOICES).await?;
    }
}

async fn exchange(session: &mut Session, pair: &Pair) -> Flow<()> {
    let content = exchange::content(session, &pair.secret).await?;
    exchange::test(session, pair, content, None).await
}

/// Looks at an HMAC token that another program sends, and at everything else.
async fn doctor(session: &mut Session, pair: &Pair) -> Flow<()> {
    let token = hidden(session, "HMAC token that fails elsewhere (not shown while you type, Enter for none): ").await?;
    if let Err(wrong) = ExpectedInput::HmacToken.check(token.trim()) {
        session.console.say(sentence(&wrong.to_string()));
    }
    if token.is_empty() {
        return exchange::test(session, pair, None, None).await;
    }
    let question = format!("Content that was hashed (Enter for {}): ", Content::EXAMPLE);
    let typed = session.console.ask(question).await?;
    let content = Content::parse(if typed.is_empty() { Content::EXAMPLE } else { &typed });
    let content = content.map_err(|error| Interrupt::words(&error.to_string()))?;
    exchange::test(session, pair, Some(content), Some(&SecretString::from(token.trim()))).await
}

/// The server that is meant: the profile's, or any other.
async fn server(session: &mut Session) -> Flow<(Client, Target, bool)> {
    let here = session.server_name();
    let typed = session.console.ask(format!("Base URL (Enter for {here}): ")).await?;
    let own = (session.anyone(), session.server.target.clone(), true);
    if typed.is_empty() {
        return Ok(own);
    }
    if looks_secret(&typed) && !typed.starts_with("http") {
        return Err(Interrupt::words("this looks like a secret, not a base URL"));
    }
    let (base, notice) = BaseUrl::parse(&typed).map_err(|error| Interrupt::words(&error.to_string()))?;
    if let Some(notice) = notice {
        session.console.say(notice);
    }
    let target = Target::Url(base);
    if target == own.1 {
        return Ok(own);
    }
    let client = Client::connect(&ConnectionSettings::new(target.clone()), None)?;
    Ok((client, target, false))
}
