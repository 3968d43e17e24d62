//! The ways of a credential out of the program: into a file and to a command, which no recorder of the terminal sees;
//! and to the terminal, where it stays.

use super::session::Session;
use crate::domain::capitalized;
use crate::operations::deliver::{COMMAND, FILE, SHOW, SaveTarget, ask_command, ask_file, save, show};
use crate::operations::interrupt::{Flow, Interrupt};
use crate::operations::prompter::Prompter as _;
use crate::platform::delivery::{OutputMode, line};

/// Cells of what a command printed: as much as is kept of it, and more.
const OUTPUT_CELLS: usize = 2000;

/// A credential, by its name in sentences.
pub(crate) struct Credential<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl Credential<'_> {
    /// Writes it to a new file, or to a descriptor such as `/dev/fd/3`; returns whether it is there.
    pub(crate) async fn to_file(&self, session: &mut Session) -> Flow<bool> {
        let target = ask_file(&mut session.console).await?;
        self.save(session, target).await
    }

    /// Gives it to a command; returns whether that took it.
    pub(crate) async fn to_command(&self, session: &mut Session) -> Flow<bool> {
        let target = ask_command(&mut session.console).await?;
        self.save(session, target).await
    }

    async fn save(&self, session: &mut Session, target: Option<SaveTarget>) -> Flow<bool> {
        let Some(target) = target else { return Ok(false) };
        session.console.flush().await?;
        match save(&target, &line(self.text), OutputMode::Kept, session.console.guard().signal()).await {
            Ok(saved) => session.console.say(saved.sentences(OUTPUT_CELLS)),
            Err(failed) => return Err(Interrupt::failed(failed.sentences("", OUTPUT_CELLS))),
        }
        Ok(true)
    }

    /// Shows it, if that is asked for twice; returns whether it was.
    pub(crate) async fn to_terminal(&self, session: &mut Session) -> Flow<bool> {
        show(&mut session.console, self.name, self.text).await
    }
}

/// Offers something that was made with a secret, and `more` that was, until the user goes back. It can be made again.
pub(crate) async fn offer(
    session: &mut Session,
    credential: &Credential<'_>,
    more: Option<&Credential<'_>>,
) -> Flow<()> {
    let request = more.map(|more| format!("write the {} to a new file", more.name));
    let mut choices = vec![FILE, COMMAND, SHOW];
    choices.extend(request.as_ref().map(|request| ("Request", request.as_str())));
    choices.push(("Back", ""));
    let question = capitalized(credential.name);
    let mut chosen = session.console.choose(&question, &choices).await?;
    loop {
        let done = match (chosen, more) {
            (0, _) => credential.to_file(session).await,
            (1, _) => credential.to_command(session).await,
            (2, _) => credential.to_terminal(session).await,
            (3, Some(more)) => more.to_file(session).await,
            _ => return Ok(()),
        };
        session.say_if_failed(done)?;
        chosen = session.console.choose_again(&question, &choices).await?;
    }
}
