//! Steps two and three for a key that was made earlier or elsewhere, and the doctor. Nothing typed here is stored.

use secrecy::SecretString;

use super::delivery::hidden;
use super::exchange;
use super::exchange::Pair;
use super::interrupt::{Flow, Interrupt};
use super::list::which;
use super::session::Session;
use crate::cli::args::looks_secret;
use crate::client::{Client, ConnectionSettings, Target};
use crate::domain::credential_kind::{ExpectedInput, check_pair};
use crate::domain::{BaseUrl, Content, SecretKey, sentence};

const CHOICES: [(&str, &str); 4] = [
    ("HMAC token", "make one from secret and content"),
    ("Access token", "exchange ID and secret for one"),
    ("Doctor", "say what is wrong, if something is"),
    ("Close", "forget the secret"),
];

/// Asks for a pair, and what to do with it.
pub(crate) async fn run(desk: &mut Session, rest: &str) -> Flow<()> {
    let (client, target, is_here) = server(desk).await?;
    let id = which(desk, rest).await?;
    let secret = hidden(desk, "Secret access key (not shown while you type, Enter to go back): ").await?;
    if secret.is_empty() {
        return Ok(());
    }
    if let Err(wrong) = check_pair(id.raw_for_api(), &secret) {
        if wrong.is_certain {
            return Err(Interrupt::words(&wrong.to_string()));
        }
        desk.talk.say(sentence(&wrong.to_string()));
    }
    let pair = Pair { id, secret: SecretKey::foreign(&secret), client, target, is_here };
    drop(secret);
    let mut chosen = desk.talk.choose("Token", &CHOICES).await?;
    loop {
        let done = match chosen {
            0 => exchange::hmac(desk, &pair, None).await,
            1 => exchange(desk, &pair).await,
            2 => doctor(desk, &pair).await,
            _ => return Ok(()),
        };
        match done {
            Ok(()) => {}
            Err(Interrupt::Failed(words)) => desk.fail(&words),
            Err(stop) => return Err(stop),
        }
        chosen = desk.talk.choose_again("Token", &CHOICES).await?;
    }
}

async fn exchange(desk: &mut Session, pair: &Pair) -> Flow<()> {
    let content = exchange::content(desk, &pair.secret).await?;
    exchange::test(desk, pair, content, None).await
}

/// Looks at an HMAC token that another program sends, and at everything else.
async fn doctor(desk: &mut Session, pair: &Pair) -> Flow<()> {
    let token = hidden(desk, "HMAC token that fails elsewhere (not shown while you type, Enter for none): ").await?;
    if let Err(wrong) = ExpectedInput::HmacToken.check(token.trim()) {
        desk.talk.say(sentence(&wrong.to_string()));
    }
    if token.is_empty() {
        return exchange::test(desk, pair, None, None).await;
    }
    let question = format!("Content that was hashed (Enter for {}): ", Content::EXAMPLE);
    let typed = desk.talk.line(question).await?;
    let content = Content::parse(if typed.is_empty() { Content::EXAMPLE } else { &typed });
    let content = content.map_err(|error| Interrupt::words(&error.to_string()))?;
    exchange::test(desk, pair, Some(content), Some(&SecretString::from(token.trim()))).await
}

/// The server that is meant: the profile's, or any other.
async fn server(desk: &mut Session) -> Flow<(Client, Target, bool)> {
    let here = desk.server_name();
    let typed = desk.talk.line(format!("Base URL (Enter for {here}): ")).await?;
    let own = (desk.anyone(), desk.server.target.clone(), true);
    if typed.is_empty() {
        return Ok(own);
    }
    if looks_secret(&typed) && !typed.starts_with("http") {
        return Err(Interrupt::words("this looks like a secret, not a base URL"));
    }
    let (base, notice) = BaseUrl::parse(&typed).map_err(|error| Interrupt::words(&error.to_string()))?;
    if let Some(notice) = notice {
        desk.talk.say(notice);
    }
    let target = Target::Url(base);
    if target == own.1 {
        return Ok(own);
    }
    let client = Client::connect(&ConnectionSettings::new(target.clone()), None)?;
    Ok((client, target, false))
}
