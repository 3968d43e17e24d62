//! The ways of a credential out of the program: into a file and to a command, which no recorder of the terminal sees;
//! and to the terminal, where it stays.

use crate::domain::capitalized;
use crate::operations::deliver::{COMMAND, FILE, Fate, SHOW, SaveContent, ask_command, ask_file, save, show};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Choice, Prompter as _};
use crate::plain::session::Session;
use crate::platform::delivery::{OutputMode, line};

/// Cells of what a command printed: as much as is kept of it, and more.
const OUTPUT_CELLS: usize = 2000;

/// A credential, by its name in sentences.
pub(crate) struct Credential<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    /// The part of the text that may not be seen.
    pub(crate) secret: &'a str,
}

/// What can be done with a credential, in the order of safety.
pub(crate) const WAYS: [Choice<'static>; 3] = [FILE, COMMAND, SHOW];

impl<'a> Credential<'a> {
    /// A secret and nothing else.
    pub(crate) const fn whole(name: &'a str, text: &'a str) -> Self {
        Self { name, text, secret: text }
    }

    /// Brings it out by one of the [`WAYS`], by its index, unless the user goes back; returns where it is then.
    pub(crate) async fn deliver(&self, session: &mut Session, way: usize) -> Flow<Fate> {
        let console = &mut session.console;
        let target = match way {
            0 => ask_file(console).await?,
            1 => ask_command(console).await?,
            _ => {
                let is_shown = show(console, self.name, self.text).await?;
                return Ok(if is_shown { Fate::Kept } else { Fate::Nowhere });
            }
        };
        let Some(target) = target else { return Ok(Fate::Nowhere) };
        console.flush().await?;
        let content = SaveContent::secret(line(self.text), self.secret);
        match save(&target, &content, OutputMode::Kept, console.guard().signal()).await {
            Ok(saved) => {
                saved.sentences(OUTPUT_CELLS).lines().for_each(|line| console.say(line));
                Ok(saved.fate())
            }
            Err(failed) => Err(Interrupt::failed(failed.sentences("", OUTPUT_CELLS).replace('\n', " "))),
        }
    }
}

/// Offers something that was made with a secret, and `more` that was, until the user goes back. It can be made again.
pub(crate) async fn offer(
    session: &mut Session,
    credential: &Credential<'_>,
    more: Option<&Credential<'_>>,
) -> Flow<()> {
    let request = more.map(|more| format!("write the {} to a new file", more.name));
    let mut choices = WAYS.to_vec();
    choices.extend(request.as_ref().map(|request| ("Request", request.as_str())));
    choices.push(("Back", ""));
    let question = capitalized(credential.name);
    let mut chosen = session.console.choose(&question, &choices).await?;
    loop {
        let done = match (chosen, more) {
            (0..=2, _) => credential.deliver(session, chosen).await,
            (3, Some(more)) => more.deliver(session, 0).await,
            _ => return Ok(()),
        };
        session.say_if_failed(done)?;
        chosen = session.console.choose_again(&question, &choices).await?;
    }
}
