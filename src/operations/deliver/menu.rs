//! Bringing a new secret to its destination; if that fails, asking for another as long as a person answers.

use super::content::SaveContent;
use super::delivery::{Delivery, Saved};
use super::destination::Destination;
use super::rescue::Rescue;
use super::save::{COMMAND, FILE, SaveTarget, ask_command, ask_file, save};
use super::show::{SHOW, show};
use crate::domain::KeyId;
use crate::operations::failure::Failure;
use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter;
use crate::platform::delivery::{NotSaved, OutputMode};

/// Brings the secret to a file or a command; if that fails, asks for another way or keeps it in a private file.
/// What goes to standard output is written by the caller, who falls back to [`Rescue`]. `content` has the secret as it is
/// to be written.
pub async fn deliver<P: Prompter>(
    destination: Destination,
    id: &KeyId,
    content: SaveContent,
    rescue: &Rescue,
    prompter: &mut P,
) -> Result<Delivery, Failure> {
    let again = if let Destination::Command(command) = &destination {
        Some(SaveTarget::Command(command.text().to_owned()))
    } else {
        None
    };
    let failed = match destination.give(&content, OutputMode::Aloud, prompter.guard().signal()).await {
        Ok(saved) => return Ok(saved.to),
        Err(failed) => failed.why,
    };
    if !prompter.is_interactive() || prompter.guard().is_heard() {
        return rescue.keep(id, content.text(), failed);
    }
    Menu { id, content, failed, again, rescue, prompter }.run().await
}

/// The question what to do with a secret whose destination failed.
struct Menu<'a, P> {
    id: &'a KeyId,
    content: SaveContent,
    /// What went wrong last, for the middle of a sentence.
    failed: String,
    /// The command that may be run again.
    again: Option<SaveTarget>,
    rescue: &'a Rescue,
    prompter: &'a mut P,
}

/// What a choice comes to.
type Tried = Flow<Option<Result<Saved, NotSaved>>>;

impl<P: Prompter> Menu<'_, P> {
    /// Asks until the secret is somewhere. No answer, or a signal, keeps it in a private file.
    async fn run(mut self) -> Result<Delivery, Failure> {
        loop {
            self.failed = match self.ask().await {
                Ok(Some(Ok(saved))) => return Ok(saved.to),
                Ok(Some(Err(failed))) => failed.why,
                Ok(None) => continue,
                Err(Interrupt::Failed(failure)) => failure.message,
                Err(Interrupt::Stop(_)) => return self.rescue.keep(self.id, self.content.text(), self.failed),
            };
        }
    }

    async fn ask(&mut self) -> Tried {
        let id = self.id.to_display(KeyId::MAX_CHARS);
        self.prompter.warn(format!("{}. The secret of {id} is still here.", self.failed.trim_end_matches('.')));
        let keep = format!("keep it in a private file in {} and end", self.rescue.folder().display());
        let mut choices = vec![COMMAND, FILE, SHOW, ("Keep", keep.as_str())];
        if self.again.is_some() {
            choices.push(("Retry", "run the command again"));
        }
        let target = match self.prompter.choose("Your choice", &choices).await? {
            0 => ask_command(self.prompter).await?,
            1 => ask_file(self.prompter).await?,
            2 => return self.show().await,
            3 => return Err(Stop::Left.into()),
            _ => self.again.clone(),
        };
        let Some(target) = target else { return Ok(None) };
        let saved = save(&target, &self.content, OutputMode::Aloud, self.prompter.guard().signal()).await;
        if matches!(&saved, Err(failed) if failed.was_tried) {
            self.again = Some(target).filter(|target| matches!(target, SaveTarget::Command(_)));
        }
        Ok(Some(saved))
    }

    async fn show(&mut self) -> Tried {
        let text = str::from_utf8(self.content.text()).unwrap_or_default().trim_end();
        if !show(self.prompter, "Secret access key", text).await? {
            return Ok(None);
        }
        let has_it = self.prompter.ask("Type y when you have it: ").await?;
        Ok((has_it == "y").then(|| Ok(Saved::at(Delivery::Terminal))))
    }
}
