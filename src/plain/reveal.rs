//! The only copy of a new secret, until *Close*.

use super::delivery::Credential;
use super::exchange;
use super::exchange::Pair;
use super::interrupt::{Flow, Interrupt};
use super::session::Session;
use crate::domain::{AccessKey, KeyId, SecretKey};
use crate::operations::deliver::{Delivery, Rescue};
use crate::operations::failure::Exit;
use crate::platform::delivery::line;

/// What can be done with it, in the order of safety.
const CHOICES: [(&str, &str); 6] = [
    ("File", "write the secret to a new file, for you alone"),
    ("Command", "give the secret to a command on its standard input"),
    ("Show key", "show the secret here, where it stays in the scrollback"),
    ("HMAC token", "make one from the secret"),
    ("Test key", "exchange the secret for an access token"),
    ("Close", "forget the secret"),
];

/// Offers the secret until it is closed. If there is nobody to go on with, it is kept in a private file.
pub(crate) async fn run(desk: &mut Session, key: AccessKey, secret: SecretKey, rescue: &Rescue) -> Flow<()> {
    let mut is_seen = false;
    let ended = offer(desk, &key, &secret, &mut is_seen).await;
    if let Err(Interrupt::Stop(_)) = &ended
        && !is_seen
    {
        desk.exit = Exit::Undelivered;
        let id = key.id.label(KeyId::MAX_CHARS);
        match rescue.keep(&key.id, &line(&secret), "it was neither delivered nor shown".to_owned()) {
            Ok(Delivery::Rescued(path, why)) => {
                desk.talk.say("");
                desk.talk.say(format!("The secret of {id} is kept in {}, for you alone: {why}.", path.display()));
            }
            Ok(_) => {}
            Err(failure) => desk.talk.say(format!("{} {}", failure.message, failure.next.unwrap_or_default())),
        }
    }
    ended
}

async fn offer(desk: &mut Session, key: &AccessKey, secret: &SecretKey, is_seen: &mut bool) -> Flow<()> {
    let id = key.id.label(KeyId::MAX_CHARS * 8);
    desk.talk.say("Access key created.");
    desk.talk.say(format!("Access key ID: {id}"));
    desk.talk.say("Secret access key: not shown yet. Take it now: after Close it is gone for good.");
    let pair = Pair::here(desk, key.id.clone(), secret.clone());
    let credential = Credential { name: "Secret access key", text: secret.expose() };
    let mut chosen = desk.talk.choose("Secret access key", &CHOICES).await?;
    loop {
        let done = match chosen {
            0 => credential.to_file(desk).await.map(|done| *is_seen |= done),
            1 => credential.to_command(desk).await.map(|done| *is_seen |= done),
            2 => credential.to_terminal(desk).await.map(|done| *is_seen |= done),
            3 => exchange::hmac(desk, &pair, None).await,
            4 => exchange::test(desk, &pair, None, None).await,
            _ if *is_seen || lose_it(desk).await? => {
                *is_seen = true; // the user has decided
                desk.talk.say(format!("{id} is ready for use. Its secret is gone from this program."));
                return Ok(());
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => {}
            Err(Interrupt::Failed(words)) => desk.fail(&words),
            Err(stop) => return Err(stop),
        }
        chosen = desk.talk.choose_again("Secret access key", &CHOICES).await?;
    }
}

async fn lose_it(desk: &mut Session) -> Flow<bool> {
    desk.talk.say("The secret was neither shown nor delivered.");
    desk.talk.yes("Close, and lose it for good?").await
}
