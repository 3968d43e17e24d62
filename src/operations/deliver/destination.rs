//! Destinations of a secret or a list: a new secret's is tried before there is a secret; all are filled by one function.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;

use super::content::SaveContent;
use super::delivery::{Delivery, Saved};
use crate::domain::sentence;
use crate::operations::failure::Failure;
use crate::platform::delivery::{Descriptor, NewFile, NotSaved, OutputMode, PipeCommand, descriptor_in};

/// A task of ours broke off.
pub(crate) const WRITING_INTERRUPTED: &str = "writing was interrupted";

/// Where a secret or a list is to go.
pub enum Destination {
    /// Standard output, with the rest of the result.
    Stdout,
    /// A file that was made for it.
    File(NewFile),
    Descriptor(Descriptor),
    /// A command that was found.
    Command(PipeCommand),
}

/// Where the arguments of a command ask a new secret to go; standard output if nothing is named.
pub struct DeliveryRequest<'a> {
    /// A new file.
    pub file: Option<&'a Path>,
    /// A file descriptor that is open for writing.
    pub descriptor: Option<u32>,
    /// A command that reads the secret from its standard input.
    pub command: Option<&'a str>,
    /// Whether it may be printed on a terminal.
    pub show: bool,
    /// What was not done if it can't go there, in a sentence.
    pub undone: &'static str,
}

impl Destination {
    /// Tries the destination that the arguments name. Nothing has been asked of a server yet.
    pub fn prepare(request: &DeliveryRequest<'_>) -> Result<Self, Failure> {
        // Nothing was asked of a server.
        let refuse = |why: &str| Failure::usage(format!("{why} {}", request.undone));
        let undone = |refused: &NotSaved| refuse(&sentence(&refused.why)).next(refused.next);
        if let Some(path) = request.file {
            if path == Path::new("-") {
                return Err(refuse("--secret-file names a new file, not standard output.")
                    .next("Omit it to write to standard output, or write ./- for a file of that name."));
            }
            return Self::open(path).map_err(|refused| undone(&refused));
        }
        if let Some(number) = request.descriptor {
            return Descriptor::open(number).map(Self::Descriptor).map_err(|refused| undone(&refused));
        }
        if let Some(command) = request.command {
            return PipeCommand::find(command).map(Self::Command).map_err(|refused| undone(&refused));
        }
        if io::stdout().is_terminal() && !request.show {
            return Err(refuse("The secret would be shown on this terminal.")
                .next("Use --secret-file FILE, --pipe-to COMMAND, or --show to print it."));
        }
        if is_null() {
            return Err(refuse("Standard output is /dev/null: the secret would be lost.")
                .next("Use --secret-file FILE or --pipe-to COMMAND."));
        }
        Ok(Self::Stdout)
    }

    /// Opens a new file, or the descriptor that a path such as `/dev/fd/3` names.
    pub(crate) fn open(path: &Path) -> Result<Self, NotSaved> {
        match descriptor_in(path) {
            Some(number) => Descriptor::open(number).map(Self::Descriptor),
            None => NewFile::create(path).map(Self::File),
        }
    }

    /// The same file under another name, if nothing has that name.
    pub(crate) fn renamed(self, path: PathBuf) -> Self {
        match self {
            Self::File(file) => Self::File(file.renamed(path)),
            other => other,
        }
    }

    /// Writes it there. A command runs, and a pipe is waited for, until it is done or `stop` ends it.
    pub(crate) async fn give(
        self,
        content: &SaveContent,
        mode: OutputMode,
        stop: impl Future<Output = ()>,
    ) -> Result<Saved, NotSaved> {
        match self {
            Self::Stdout => Ok(Saved::at(Delivery::Stdout)),
            Self::File(file) => {
                let path: PathBuf = file.path().to_owned();
                write(path.display().to_string(), content, move |text| file.fill(text)).await?;
                Ok(Saved::at(Delivery::File(path)))
            }
            Self::Descriptor(descriptor) => {
                let number = descriptor.number();
                let place = format!("file descriptor {number}");
                match descriptor.into_pipe() {
                    Ok(Ok(mut pipe)) => tokio::select! {
                        written = pipe.write_all(content.text()) => written.map_err(|error| not_written(&place, &error))?,
                        () = stop => return Err(NotSaved::new(WRITING_INTERRUPTED)),
                    },
                    Ok(Err(file)) => write(place, content, move |text| file.fill(text)).await?,
                    Err(error) => return Err(not_written(&place, &error)),
                }
                Ok(Saved::at(Delivery::Descriptor(number)))
            }
            Self::Command(command) => {
                let output = command.give(content.text(), content.needle(), mode, stop).await?;
                Ok(Saved { to: Delivery::Command, output })
            }
        }
    }
}

/// Writes where a slow disk or reader holds up no other task.
async fn write(
    place: String,
    content: &SaveContent,
    fill: impl FnOnce(&[u8]) -> io::Result<()> + Send + 'static,
) -> Result<(), NotSaved> {
    let content = content.clone();
    match tokio::task::spawn_blocking(move || fill(content.text())).await {
        Ok(written) => written.map_err(|error| not_written(&place, &error)),
        Err(_) => Err(NotSaved::new(WRITING_INTERRUPTED)),
    }
}

fn not_written(place: &str, error: &io::Error) -> NotSaved {
    NotSaved::new(format!("{place} can't be written: {error}"))
}

/// Whether standard output is the device 1:3 (Linux `Documentation/admin-guide/devices.txt`).
fn is_null() -> bool {
    rustix::fs::fstat(io::stdout()).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_char_device()
            && (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)) == (1, 3)
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[tokio::test]
    async fn a_pipe_gets_a_list_that_is_longer_than_it_and_a_reader_that_waits_is_not_waited_for_ever() {
        let list = SaveContent::list(vec![b'x'; 1_000_000]);
        let (reader, writer) = io::pipe().unwrap();
        rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty()).unwrap(); // as if inherited
        let path = PathBuf::from(format!("/dev/fd/{}", writer.as_raw_fd()));
        let stopped = Destination::open(&path).unwrap().give(&list, OutputMode::Kept, ready(())).await;
        assert!(stopped.err().unwrap().why.contains(WRITING_INTERRUPTED));
        let reading = tokio::task::spawn_blocking(move || io::read_to_string(reader).unwrap().len());
        Destination::open(&path).unwrap().give(&list, OutputMode::Kept, pending()).await.unwrap();
        drop(writer);
        assert!(reading.await.unwrap() >= 1_000_000);
    }
}
