//! Whose secret or token is this?

use chrono::Utc;
use secrecy::ExposeSecret as _;

use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::identify;
use crate::operations::messages;
use crate::operations::permissions::ReadOnly;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;

/// Asks for a text, which is not shown, tells whose secrets and tokens are in it, and offers to deactivate their keys.
pub(crate) async fn run(session: &mut Session) -> Flow<()> {
    session.signed_in().await?;
    let text = session.console.ask_hidden(messages::PASTE_LEAK).await?;
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
        identify::deactivate(session, identify::active_keys(&findings), false).await?;
    }
    Ok(())
}
