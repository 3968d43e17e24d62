//! What to do with a secret whose destination failed: asked as long as there is somebody to ask.

use std::path::Path;

use zeroize::Zeroizing;

use super::{Delivery, Rescue};
use crate::domain::KeyId;
use crate::operations::failure::Failure;
use crate::operations::prompter::Prompter;
use crate::platform::delivery::{Delivered, OutputMode, PipeCommand, to_path};

/// A secret that found no place yet.
pub(crate) struct Offer<'a, P> {
    pub(crate) id: &'a KeyId,
    pub(crate) line: Zeroizing<Vec<u8>>,
    /// What went wrong last, for the middle of a sentence.
    pub(crate) failed: String,
    /// The command that may be run again.
    pub(crate) again: Option<PipeCommand>,
    pub(crate) rescue: &'a Rescue,
    pub(crate) prompter: &'a mut P,
}

impl<P: Prompter> Offer<'_, P> {
    /// Asks until the secret is somewhere. No answer, or a signal, keeps it in a private file.
    pub(crate) async fn make(mut self) -> Result<Delivery, Failure> {
        loop {
            let choice = self.ask(self.question()).await;
            let tried = match choice.as_deref() {
                None | Some("k") => return self.rescue.keep(self.id, &self.line, self.failed),
                Some("r") if self.again.is_some() => self.run_again().await,
                Some("c") => self.run_another().await,
                Some("f") => self.write_file().await,
                Some("s") => self.show().await,
                Some(_) => Ok(None),
            };
            match tried {
                Ok(Some(delivered)) => return Ok(delivered),
                Ok(None) => {}
                Err(why) => self.failed = why,
            }
        }
    }

    fn question(&self) -> String {
        let again = if self.again.is_some() { "  r  run the command again\n" } else { "" };
        format!(
            "latchkey: {}. The secret of {} is still here:\n{again}  c  give it to another command\n  \
             f  write it to a new file\n  s  show it here\n  k  keep it in a private file in {} and end\nYour choice: ",
            self.failed,
            self.id.to_display(KeyId::MAX_CHARS),
            self.rescue.folder().display(),
        )
    }

    async fn run_again(&mut self) -> Result<Option<Delivery>, String> {
        let Some(receiver) = &self.again else { return Ok(None) };
        receiver
            .give(&self.line, OutputMode::Aloud, self.prompter.guard().signal())
            .await
            .map_err(|failed| failed.why)?;
        Ok(Some(Delivery::Command))
    }

    async fn run_another(&mut self) -> Result<Option<Delivery>, String> {
        let Some(command) = self.ask("Command: ").await else { return Ok(None) };
        self.again = Some(PipeCommand::find(&command).map_err(|refusal| refusal.what)?);
        self.run_again().await
    }

    async fn write_file(&mut self) -> Result<Option<Delivery>, String> {
        let Some(path) = self.ask("New file: ").await else { return Ok(None) };
        match to_path(Path::new(&path), &self.line).map_err(|refusal| refusal.what)? {
            Delivered::File(path) => Ok(Some(Delivery::File(path))),
            Delivered::Descriptor(number) => Ok(Some(Delivery::Descriptor(number))),
        }
    }

    /// Straight to the terminal: standard output may be a file.
    async fn show(&mut self) -> Result<Option<Delivery>, String> {
        let text = std::str::from_utf8(&self.line).unwrap_or_default().trim_end();
        self.prompter.say_credential(text).map_err(|error| Failure::from(error).message)?;
        let has_it = self.ask("Type y when you have it: ").await;
        Ok(has_it.filter(|answer| answer == "y").map(|_| Delivery::Terminal))
    }

    /// None if nobody answers, or a signal came.
    async fn ask(&mut self, question: impl AsRef<str>) -> Option<String> {
        self.prompter.ask(question).await.ok()
    }
}
