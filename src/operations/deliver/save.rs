//! Saving a credential or a list where the user says: to a new file, a descriptor or a command, none of which a recorder of
//! the terminal sees.

use std::path::PathBuf;

use super::content::SaveContent;
use super::delivery::{Delivery, Saved};
use super::destination::{Destination, WRITING_INTERRUPTED};
use super::pattern::FilePattern;
use crate::domain::secrets::credential_kind::reveals_secret;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::{Choice, Prompter};
use crate::platform::delivery::{NotSaved, OutputMode, PipeCommand};
use crate::platform::process::home::{expand_home, home_dir};

/// Where it is to go, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveTarget {
    /// A new file, or a descriptor that was opened for us, such as `/dev/fd/3`.
    File(String),
    Command(String),
}

/// What can be done with a credential.
pub(crate) const FILE: Choice<'static> = ("File", "write it to a new file that only you can read");
pub(crate) const COMMAND: Choice<'static> = ("Command", "give it and a newline to a command on its standard input");

/// A target must not hold the secret: others can read it there.
pub(crate) const SECRET_IN_TARGET: &str = "Don't put the secret in the file name or command, where others can read it. \
                                           It is passed on standard input.";

impl SaveTarget {
    /// Whether the text holds the secret itself.
    pub fn holds(&self, secret: &str) -> bool {
        self.text().contains(secret)
    }

    fn text(&self) -> &str {
        let (Self::File(text) | Self::Command(text)) = self;
        text
    }

    /// The path that is made of a file's name with parts of a key in it.
    pub(crate) fn named(&self, path: impl FnOnce(FilePattern) -> Option<PathBuf>) -> Option<PathBuf> {
        let Self::File(typed) = self else { return None };
        let path = path(FilePattern::new(typed))?;
        Some(home_dir().map_or_else(|| path.clone(), |home| expand_home(&path.to_string_lossy(), &home)))
    }

    /// Makes the file or finds the command.
    pub(crate) fn open(&self) -> Result<Destination, NotSaved> {
        Ok(match self {
            Self::File(typed) => {
                let path = home_dir().map_or_else(|| PathBuf::from(typed), |home| expand_home(typed, &home));
                Destination::open(&path)?
            }
            Self::Command(command) => Destination::Command(PipeCommand::find(command)?),
        })
    }
}

/// Tries a target before there is a secret: makes the file and removes it again, or finds the command.
pub async fn attempt(target: &SaveTarget) -> Result<(), NotSaved> {
    if reveals_secret(target.text()) {
        return Err(NotSaved::new(SECRET_IN_TARGET));
    }
    let opening = target.clone();
    let opened = tokio::task::spawn_blocking(move || opening.open().map(drop)).await;
    opened.map_err(|_| NotSaved::new(WRITING_INTERRUPTED))?
}

/// Writes to a target, until it is done or `stop` ends the command. Neither holds up another task.
pub async fn save(
    target: &SaveTarget,
    content: &SaveContent,
    mode: OutputMode,
    stop: impl Future<Output = ()>,
) -> Result<Saved, NotSaved> {
    if content.needle().is_some_and(|secret| target.holds(secret) || reveals_secret(target.text())) {
        return Err(NotSaved::new(SECRET_IN_TARGET));
    }
    let opening = target.clone();
    let opened = tokio::task::spawn_blocking(move || opening.open()).await;
    let destination = opened.map_err(|_| NotSaved::new(WRITING_INTERRUPTED))??;
    let mut saved = destination.give(content, mode, stop).await?;
    if let (Delivery::File(path), SaveTarget::File(typed)) = (&mut saved.to, target) {
        *path = PathBuf::from(typed); // as the user knows it
    }
    Ok(saved)
}

/// Asks for the name of a new file; none if the user goes back.
pub(crate) async fn ask_file(prompter: &mut impl Prompter) -> Flow<Option<SaveTarget>> {
    let typed = prompter.ask("New file (Enter to go back): ").await?;
    Ok((!typed.is_empty()).then_some(SaveTarget::File(typed)))
}

/// Asks for a command; none if the user goes back.
pub(crate) async fn ask_command(prompter: &mut impl Prompter) -> Flow<Option<SaveTarget>> {
    let typed = prompter.ask("Command (Enter to go back): ").await?;
    Ok((!typed.is_empty()).then_some(SaveTarget::Command(typed)))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::domain::{Credentials, CredentialsForm, KeyId, SecretKey};

    #[tokio::test]
    async fn a_secret_in_a_target_is_refused_in_every_form_and_an_empty_list_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let save =
            async |target: &SaveTarget, content: &SaveContent| save(target, content, OutputMode::Kept, pending()).await;
        let credentials = Credentials {
            id: KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(),
            secret: SecretKey::foreign("made-up"),
            form: CredentialsForm::Secret,
        };
        for form in CredentialsForm::ALL {
            let content = SaveContent::credentials(&Credentials { form, ..credentials.clone() }).unwrap();
            for target in [SaveTarget::File("made-up".into()), SaveTarget::Command("echo made-up".into())] {
                assert_eq!(save(&target, &content).await.err().unwrap().why, SECRET_IN_TARGET);
            }
            let saved = save(&SaveTarget::Command("cat".into()), &content).await.unwrap();
            assert!(saved.output.had_secret);
        }
        let target = SaveTarget::File(path.to_str().unwrap().to_owned());
        save(&target, &SaveContent::list(Vec::new())).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        let saved = save(&SaveTarget::Command("cat".into()), &SaveContent::list(b"PK1\n".to_vec())).await.unwrap();
        assert_eq!(saved.output.words.to_display(9), "PK1");
    }
}
