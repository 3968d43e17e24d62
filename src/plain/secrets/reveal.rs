//! The only copy of a new secret, until *Close*.

use zeroize::Zeroizing;

use crate::domain::{AccessKey, Credentials, CredentialsForm, KeyId, SecretKey, sentence};
use crate::operations::deliver::{COMMAND, Delivery, FILE, Fate, Rescue, SHOW, rescued};
use crate::operations::failure::Exit;
use crate::operations::messages::{CREATED, LOSE_IT, NOT_CONFIRMED, NOT_SAVED, SAVE_NOW, ready_to_use};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::operations::tokens::pair::{KeyServer, Pair};
use crate::plain::secrets::delivery::Credential;
use crate::plain::secrets::{exchange, hand_over};
use crate::plain::session::Session;
use crate::platform::delivery::line;

/// What can be done with it, in the order of safety.
const CHOICES: [(&str, &str); 8] = [
    FILE,
    COMMAND,
    ("Show key", SHOW.1),
    ("HMAC token", "make one from the secret"),
    ("Test key", "exchange the secret for an access token"),
    ("Close", "forget the secret"),
    ("Pick form", "choose what File and Command get: secret, env, json, csv or aws"),
    ("Give to someone else", "get a code with which they get the secret, once"),
];

/// Offers the secret until it is closed. If the input has ended, it is kept in a private file.
pub(crate) async fn run(session: &mut Session, key: AccessKey, secret: SecretKey, rescue: &Rescue) -> Flow<()> {
    let mut fate = Fate::Nowhere;
    let ended = offer(session, &key, &secret, &mut fate).await;
    if let Err(Interrupt::Stop(_)) = &ended
        && fate != Fate::Kept
    {
        session.exit = Exit::Undelivered;
        session.console.say("");
        let kept = rescue.keep(&key.id, &line(secret.expose()), "it was neither delivered nor shown".to_owned());
        let failure = match kept {
            Ok(Delivery::Rescued(path, why)) => rescued(&key.id, &path, &why),
            Ok(_) => return ended,
            Err(failure) => return Err(failure.into()),
        };
        session.console.say(failure.sentences());
    }
    ended
}

async fn offer(session: &mut Session, key: &AccessKey, secret: &SecretKey, fate: &mut Fate) -> Flow<()> {
    let id = key.id.to_display(KeyId::MAX_CHARS * 8);
    session.console.say(format!("{CREATED}."));
    session.console.say(format!("Access key ID: {id}"));
    session.console.say(format!("Secret access key: not shown yet. {SAVE_NOW}"));
    let server = KeyServer::of(&session.connection.server);
    let pair = Pair { id: key.id.clone(), secret: secret.clone(), server };
    let mut credentials = Credentials { id: key.id.clone(), secret: secret.clone(), form: CredentialsForm::default() };
    // What is left of a paste of several lines answers nothing here.
    session.console.await_silence().await?;
    let mut chosen = session.console.choose("Secret access key", &CHOICES).await?;
    loop {
        let done = match chosen {
            0..=2 => bring_out(session, &credentials, chosen).await.map(|to| *fate = to.max(*fate)),
            6 => choose_form(session, &mut credentials).await,
            7 => hand_over::run(session, &pair).await.map(|is_done| {
                if is_done {
                    *fate = Fate::Kept;
                }
            }),
            3 => exchange::hmac(session, &pair).await,
            4 => exchange::test(session, pair.clone().into()).await,
            _ if *fate == Fate::Kept || lose_it(session, *fate).await? => {
                *fate = Fate::Kept; // the user has decided
                session.console.say(ready_to_use(key));
                return Ok(());
            }
            _ => Ok(()),
        };
        session.say_if_failed(done)?;
        chosen = session.console.choose_again("Secret access key", &CHOICES).await?;
    }
}

/// Shows the secret, or brings the form that was chosen to a file or a command.
async fn bring_out(session: &mut Session, credentials: &Credentials, way: usize) -> Flow<Fate> {
    let text = match way {
        2 => Zeroizing::new(credentials.secret.expose().to_owned()),
        _ => credentials.text().map_err(Interrupt::failed)?,
    };
    let secret = credentials.secret.expose();
    Credential { name: "Secret access key", text: &text, secret }.deliver(session, way).await
}

async fn choose_form(session: &mut Session, credentials: &mut Credentials) -> Flow<()> {
    let question = format!("Form ({}; Enter to go back): ", CredentialsForm::NAMES.join(", "));
    let typed = session.console.ask(&question).await?;
    if typed.is_empty() {
        return Ok(());
    }
    credentials.form = typed.parse().map_err(|why: String| Interrupt::failed(sentence(&why)))?;
    session.console.say(format!("File and Command get the form {}.", credentials.form.name()));
    Ok(())
}

async fn lose_it(session: &mut Session, fate: Fate) -> Flow<bool> {
    session.console.say(if fate == Fate::Sent { NOT_CONFIRMED } else { NOT_SAVED });
    session.console.confirm(LOSE_IT).await
}
