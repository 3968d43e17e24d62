//! Receiving a secret that someone hands over: opened, brought to its destination, and only then confirmed.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::opener::Opener;
use crate::client::{ApiError, Client};
use crate::config::Folder;
use crate::domain::{HandoverCode, HandoverKeys, KeyId, SecretKey};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::time;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter;

/// How often a lost answer is asked for again, and after how long.
const AGAIN: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(1), Duration::from_secs(3)];

/// The longest that a server's wish is waited for before a confirmation is repeated.
const MOST_WAIT: u64 = 30;

const NO_CODE: &str = "A code has 30 letters and digits, such as 01234-56789-ABCDE-FGHJK-MNPQR-STVWX.";

const NEEDS_PIN: &str = "This code needs its PIN, too.";
const SECOND_LINE: &str = "Give the PIN in the second line of standard input.";

/// A secret that was opened, until it is confirmed.
pub(crate) struct Received {
    pub(crate) id: KeyId,
    pub(crate) secret: SecretKey,
    keys: HandoverKeys,
    opener: Opener,
}

/// Opens a secret. The code, and the PIN in a second line, are what was `given`, or are asked for.
pub(crate) async fn receive<P: Prompter>(
    client: &Client,
    prompter: &mut P,
    given: Option<SecretString>,
    state: &Folder,
) -> Flow<Received> {
    let is_asked = given.is_none();
    let (code, mut pin) = match given {
        Some(text) => {
            let (code, pin) = text.expose_secret().split_once('\n').unwrap_or((text.expose_secret(), ""));
            let pin = Some(pin.trim()).filter(|pin| !pin.is_empty()).map(SecretString::from);
            (HandoverCode::parse(code).ok_or_else(|| Failure::usage(NO_CODE))?, pin)
        }
        None => (ask_code(prompter).await?, None),
    };
    let opener = Opener::of(&code, state)?;
    loop {
        let keys = code.keys(pin.as_ref().map(SecretString::expose_secret));
        let keys = keys.ok_or_else(|| Failure::new(Exit::Mistake, "The PIN can't be checked: not enough memory."))?;
        match open(client, prompter, &keys, pin.is_some(), &opener.name).await? {
            Ok((id, sealed)) => {
                let secret = keys.open(&sealed, &id).ok_or_else(not_of_code)?;
                return Ok(Received { id, secret, keys, opener });
            }
            Err(ApiError::Refused(400, words)) if words.raw_for_api().starts_with("pin") && pin.is_none() => {}
            Err(ApiError::NotAllowed(words)) if pin.is_some() && prompter.is_interactive() => {
                prompter.warn(format!("{}.", words.to_display(120)));
            }
            Err(error) => return Err(not_opened(&error).into()),
        }
        pin = Some(match prompter.ask_hidden("PIN: ").await {
            Err(Interrupt::Failed(_)) if !is_asked => return Err(Failure::usage(NEEDS_PIN).next(SECOND_LINE).into()),
            answer => answer?,
        });
    }
}

impl Received {
    /// Tells the server that the secret has arrived, and notes for the next run where it is. Gives what to say if the server
    /// couldn't be told.
    pub(crate) async fn confirm<P: Prompter>(
        self,
        client: &Client,
        prompter: &mut P,
        place: &str,
    ) -> Flow<Option<String>> {
        let mut confirmed = client.confirm_handover(&self.keys, &self.opener.name).await;
        for pause in AGAIN {
            let pause = match &confirmed {
                // An older server counts it like a code.
                Err(ApiError::TooMany { retry_after: Some(seconds), .. }) => {
                    Duration::from_secs(MOST_WAIT.min(*seconds))
                }
                Err(error) if error.is_passing() => pause,
                _ => break,
            };
            prompter.wait(tokio::time::sleep(pause)).await?;
            confirmed = client.confirm_handover(&self.keys, &self.opener.name).await;
        }
        if confirmed.is_ok() {
            let id = self.id.to_display(KeyId::MAX_CHARS);
            self.opener.settle(&format!("that of {id}, {place}, at {}", time(client.server_time().await)));
        }
        Ok(confirmed.err().map(|error| {
            let why = error.to_string();
            format!(
                "The secret has arrived, but the server doesn't know it and keeps its copy for up to 10 minutes ({}).",
                why.trim_end_matches('.')
            )
        }))
    }
}

async fn ask_code<P: Prompter>(prompter: &mut P) -> Flow<HandoverCode> {
    loop {
        let typed = prompter.ask_hidden("Code: ").await?;
        if let Some(code) = HandoverCode::parse(typed.expose_secret()) {
            return Ok(code);
        }
        if !prompter.is_interactive() {
            return Err(Failure::usage(NO_CODE).into());
        }
        prompter.warn(NO_CODE);
    }
}

/// Asks for the ciphertext; again if the answer was lost, which the server allows its opener.
async fn open<P: Prompter>(
    client: &Client,
    prompter: &mut P,
    keys: &HandoverKeys,
    with_pin: bool,
    opener: &str,
) -> Flow<Result<(KeyId, Vec<u8>), ApiError>> {
    let mut answer = prompter.wait(client.open_handover(keys, with_pin, opener)).await?;
    for pause in AGAIN {
        if !answer.as_ref().is_err_and(ApiError::is_passing) {
            break;
        }
        prompter.wait(tokio::time::sleep(pause)).await?;
        answer = prompter.wait(client.open_handover(keys, with_pin, opener)).await?;
    }
    Ok(answer)
}

/// Why a secret was not opened. None of it is about a key or a session.
fn not_opened(error: &ApiError) -> Failure {
    match error {
        ApiError::NotFound(_) => Failure::new(Exit::NotFound, "No secret waits under this code.")
            .next("Check the code and the server's address, or ask for a new code."),
        ApiError::Refused(410, words) => {
            Failure::new(Exit::NotGood, format!("{}.", words.to_display(200))).next("Ask for a new code.")
        }
        ApiError::NotAllowed(words) => Failure::new(Exit::NotGood, format!("{}.", words.to_display(200))),
        error if error.is_passing() => {
            Failure::from(error).command("Run it again with the same code: within 10 minutes nothing is lost.")
        }
        error => error.into(),
    }
}

fn not_of_code() -> Failure {
    Failure::new(Exit::NotGood, "The server's answer can't be decrypted with this code.").next("Ask for a new code.")
}
