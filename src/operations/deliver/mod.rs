//! The way of a new secret out of the program: tried before the key is made, and never a way into nothing.

mod menu;
mod rescue;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

pub use rescue::Rescue;

use super::failure::Failure;
use super::prompter::Prompter;
use crate::domain::{KeyId, SecretKey, sentence};
pub use crate::platform::delivery::line;
use crate::platform::delivery::{Descriptor, NewFile, OutputMode, PipeCommand, Refusal};
use menu::Offer;

/// Where a secret shall go.
pub enum Destination {
    /// Standard output, with the rest of the result.
    Stdout,
    /// A file that was made for it.
    File(NewFile),
    /// An open file descriptor.
    Descriptor(Descriptor),
    /// A command that was found.
    Command(PipeCommand),
}

/// Where a new secret was asked to go; standard output if nothing is named.
pub struct DeliveryRequest<'a> {
    /// A new file.
    pub file: Option<&'a Path>,
    /// A file descriptor that is open for writing.
    pub descriptor: Option<u32>,
    /// A command that reads the secret from its standard input.
    pub command: Option<&'a str>,
    /// Whether it may be printed on a terminal.
    pub show: bool,
}

/// Where a secret went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Standard output.
    Stdout,
    /// A new file.
    File(PathBuf),
    /// A file descriptor; its number.
    Descriptor(u32),
    /// A command, which ended well.
    Command,
    /// The terminal, at the user's wish.
    Terminal,
    /// A private file of ours, since the destination failed; with what went wrong.
    Rescued(PathBuf, String),
}

impl Destination {
    /// Tries the destination that the arguments name. Nothing has been asked of a server yet.
    pub fn prepare(request: &DeliveryRequest<'_>) -> Result<Self, Failure> {
        if let Some(path) = request.file {
            if path == Path::new("-") {
                return Err(Failure::usage("--secret-file names a new file, not standard output. No key was made.")
                    .next("Leave it away to write to standard output, or write ./- for a file of that name."));
            }
            return NewFile::create(path).map(Self::File).map_err(|refusal| no_key(&refusal));
        }
        if let Some(number) = request.descriptor {
            return Descriptor::open(number).map(Self::Descriptor).map_err(|refusal| no_key(&refusal));
        }
        if let Some(command) = request.command {
            return PipeCommand::find(command).map(Self::Command).map_err(|refusal| no_key(&refusal));
        }
        if io::stdout().is_terminal() && !request.show {
            return Err(Failure::usage("The secret would be shown on this terminal. No key was made.")
                .next("Say --secret-file FILE, --pipe-to COMMAND, or --show if it shall be shown."));
        }
        if is_null() {
            return Err(Failure::usage("Standard output is /dev/null: the secret would be lost. No key was made.")
                .next("Say --secret-file FILE or --pipe-to COMMAND."));
        }
        Ok(Self::Stdout)
    }

    /// Brings the secret to a file or a command; if that fails, asks for another way or keeps it in a private file.
    /// What goes to standard output is written by the caller, who falls back to [`Rescue`].
    pub async fn deliver(
        self,
        id: &KeyId,
        secret: &SecretKey,
        rescue: &Rescue,
        prompter: &mut impl Prompter,
    ) -> Result<Delivery, Failure> {
        let (failed, again) = match self {
            Self::Stdout => return Ok(Delivery::Stdout),
            Self::File(file) => {
                let path = file.path().to_owned();
                match file.fill(&line(secret)) {
                    Ok(()) => return Ok(Delivery::File(path)),
                    Err(error) => (format!("{} can't be written: {error}", path.display()), None),
                }
            }
            Self::Descriptor(descriptor) => {
                let number = descriptor.number();
                match descriptor.fill(&line(secret)) {
                    Ok(()) => return Ok(Delivery::Descriptor(number)),
                    Err(error) => (format!("file descriptor {number} cannot be written to: {error}"), None),
                }
            }
            Self::Command(receiver) => {
                match receiver.give(&line(secret), OutputMode::Aloud, prompter.guard().signal()).await {
                    Ok(_) => return Ok(Delivery::Command),
                    Err(failed) => (failed.why, Some(receiver)),
                }
            }
        };
        if prompter.is_interactive() && !prompter.guard().is_heard() {
            return Offer { id, line: line(secret), failed, again, rescue, prompter }.make().await;
        }
        rescue.keep(id, &line(secret), failed)
    }
}

impl Delivery {
    /// The word of the JSON result.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::File(_) => "file",
            Self::Descriptor(_) => "descriptor",
            Self::Command => "command",
            Self::Terminal => "terminal",
            Self::Rescued(..) => "rescue_file",
        }
    }

    /// The file that holds it, if one does.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Rescued(path, _) => Some(path),
            Self::Stdout | Self::Descriptor(_) | Self::Command | Self::Terminal => None,
        }
    }
}

/// A destination was refused, and nothing was asked of a server.
fn no_key(refusal: &Refusal) -> Failure {
    Failure::usage(format!("{} No key was made.", sentence(&refusal.what))).next(refusal.next)
}

/// Whether standard output is the device 1:3 (Linux `Documentation/admin-guide/devices.txt`).
fn is_null() -> bool {
    rustix::fs::fstat(io::stdout()).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_char_device()
            && (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)) == (1, 3)
    })
}
