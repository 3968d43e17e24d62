//! Saving a credential where the user says: to a new file, a descriptor or a command, none of which a recorder of the
//! terminal sees.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::delivery::{Delivery, Saved};
use super::destination::{Destination, WRITING_INTERRUPTED};
use crate::domain::Credentials;
use crate::domain::secrets::credential_kind::reveals_secret;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::{Choice, Prompter};
use crate::platform::delivery::{NotSaved, OutputMode, PipeCommand, line};
use crate::platform::process::home::{expand_home, home_dir};

/// Where a secret is to go, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveTarget {
    /// A new file, or a descriptor that was opened for us, such as `/dev/fd/3`.
    File(String),
    Command(String),
}

/// What is saved.
#[derive(Clone)]
pub enum SaveContent {
    Credentials(Credentials),
    /// An exported list.
    List(Zeroizing<Vec<u8>>),
}

impl fmt::Debug for SaveContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials(_) => "Credentials(…)",
            Self::List(_) => "List(…)",
        })
    }
}

impl SaveContent {
    /// The bytes of it; or why there are none.
    pub fn bytes(self) -> Result<Zeroizing<Vec<u8>>, NotSaved> {
        match self {
            Self::Credentials(credentials) => credentials.text().map(|text| line(&text)).map_err(NotSaved::new),
            Self::List(bytes) => Ok(bytes),
        }
    }
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

    /// Makes the file or finds the command.
    fn open(&self) -> Result<Destination, NotSaved> {
        Ok(match self {
            Self::File(typed) => {
                let path = home_dir().map_or_else(|| PathBuf::from(typed), |home| expand_home(typed, &home));
                Destination::open(&path)?
            }
            Self::Command(command) => Destination::Command(PipeCommand::find(command)?),
        })
    }
}

/// Writes a secret to its target, until it is done or `stop` ends the command. Neither holds up another task.
pub async fn save(
    target: &SaveTarget,
    line: &Zeroizing<Vec<u8>>,
    mode: OutputMode,
    stop: impl Future<Output = ()>,
) -> Result<Saved, NotSaved> {
    if str::from_utf8(line).is_ok_and(|line| target.holds(line.trim_end())) || reveals_secret(target.text()) {
        return Err(NotSaved::new(SECRET_IN_TARGET));
    }
    let opening = target.clone();
    let opened = tokio::task::spawn_blocking(move || opening.open()).await;
    let destination = opened.map_err(|_| NotSaved::new(WRITING_INTERRUPTED))??;
    let mut saved = destination.give(line, mode, stop).await?;
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
