//! Steps two and three for a key that was made earlier or elsewhere, and the doctor. Nothing typed here is stored.

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::secrets::credential_kind::{ExpectedInput, check_pair};
use crate::domain::{SecretKey, sentence};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::operations::tokens::hmac::ask_hashed_content;
use crate::operations::tokens::key_test::{FailingToken, TestInput};
use crate::operations::tokens::pair::{KeyServer, Pair};
use crate::plain::keys::list::which;
use crate::plain::secrets::exchange;
use crate::plain::session::Session;

const CHOICES: [(&str, &str); 4] = [
    ("HMAC token", "generate one from secret and content"),
    ("Access token", "exchange ID and secret for one"),
    ("Doctor", "find out why the exchange fails"),
    ("Close", "discard the secret"),
];

/// Asks for a pair, and what to do with it.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let server = server(session).await?;
    let id = which(session, rest).await?;
    let secret = session.console.ask_hidden("Secret access key (not shown while you type, Enter to go back): ").await?;
    if secret.expose_secret().is_empty() {
        return Ok(());
    }
    if let Err(wrong) = check_pair(id.raw_for_api(), secret.expose_secret()) {
        if wrong.is_certain {
            return Err(Interrupt::words(&wrong.to_string()));
        }
        session.console.say(sentence(&wrong.to_string()));
    }
    let pair = Pair { id, secret: SecretKey::foreign(secret.expose_secret()), server };
    drop(secret);
    let mut chosen = session.console.choose("Token", &CHOICES).await?;
    loop {
        let done = match chosen {
            0 => exchange::hmac(session, &pair).await,
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
    exchange::test(session, TestInput { content, ..pair.clone().into() }).await
}

/// Looks at an HMAC token that another program sends, and at everything else.
async fn doctor(session: &mut Session, pair: &Pair) -> Flow<()> {
    let token = session.console.ask_hidden("HMAC token to check (not shown while you type, Enter for none): ").await?;
    let token = token.expose_secret().trim();
    if let Err(wrong) = ExpectedInput::HmacToken.check(token) {
        session.console.say(sentence(&wrong.to_string()));
    }
    let input = TestInput { is_doctor: true, ..pair.clone().into() };
    if token.is_empty() {
        return exchange::test(session, input).await;
    }
    let content = Some(ask_hashed_content(&mut session.console).await?);
    let failing = Some(FailingToken { text: SecretString::from(token), content: content.clone() });
    exchange::test(session, TestInput { content, failing, ..input }).await
}

/// The server that is meant: the profile's, or any other.
async fn server(session: &mut Session) -> Flow<KeyServer> {
    let here = session.server_name();
    let typed = session.console.ask(format!("Base URL (Enter for {here}): ")).await?;
    let (server, notice) =
        KeyServer::at(&typed, KeyServer::of(&session.connection.server)).map_err(Interrupt::failed)?;
    if let Some(notice) = notice {
        session.console.say(notice);
    }
    Ok(server)
}
