//! Whose secret or token is this?

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::identify;
use crate::operations::messages;
use crate::operations::permissions::ReadOnly;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;

/// Of a secret that was typed where it is shown.
const SEEN: &str = "What you typed stays on the screen and can be scrolled back to. Type identify alone, and it is asked for \
                    without showing it.";

/// Tells whose secrets and tokens are in a text, and offers to deactivate their keys. What isn't given behind the command is
/// asked for without showing it.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    session.signed_in().await?;
    let text = if rest.is_empty() {
        session.console.ask_hidden(messages::PASTE_LEAK).await?
    } else {
        if session.console.is_interactive() {
            session.console.say(SEEN);
        }
        SecretString::from(rest)
    };
    if text.expose_secret().trim().is_empty() {
        return Ok(());
    }
    let leaks = identify::clues(text.expose_secret());
    let leaks = leaks.map_err(|why| Failure::new(Exit::NotGood, why).next(messages::NOTHING_SENT))?;
    drop(text);
    let findings = identify::ask_all(session, leaks).await?;
    for finding in &findings {
        session.console.say(finding.words(Utc::now()));
    }
    if ReadOnly::of(&session.connection.server).is_none() {
        identify::deactivate(session, identify::usable_keys(&findings), false).await?;
    }
    Ok(())
}
