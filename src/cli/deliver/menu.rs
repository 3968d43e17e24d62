//! What to do with a secret whose destination failed: asked as long as there is somebody to ask.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::{Delivered, Held, NewFile, Receiver, Rescue, line};
use crate::cli::ask;
use crate::cli::exit::Failure;
use crate::model::{KeyId, SecretKey};

/// Offers the secret until it is somewhere. No answer, or a signal, keeps it in a private file.
pub(super) async fn offer(
    id: &KeyId,
    secret: &SecretKey,
    mut failed: String,
    mut again: Option<Receiver>,
    rescue: &Rescue,
    held: &mut Held,
) -> Result<Delivered, Failure> {
    let line = line(secret);
    loop {
        let Some(choice) = answer(question(id, &failed, again.is_some(), rescue), held).await else {
            return rescue.keep(id, &line, failed);
        };
        match choice.as_str() {
            "r" if again.is_some() => {}
            "c" => {
                let Some(command) = answer("Command: ".to_owned(), held).await else { continue };
                match Receiver::find(&command) {
                    Ok(receiver) => again = Some(receiver),
                    Err(failure) => {
                        failed = words(&failure);
                        continue;
                    }
                }
            }
            "f" => {
                let Some(path) = answer("New file: ".to_owned(), held).await else { continue };
                match to_file(Path::new(&path), &line) {
                    Ok(()) => return Ok(Delivered::File(path.into())),
                    Err(why) => failed = why,
                }
                continue;
            }
            "s" => {
                if let Err(error) = show(&line) {
                    failed = format!("the terminal cannot be written to: {error}");
                } else if answer("Type y when you have it: ".to_owned(), held).await.is_some_and(|answer| answer == "y")
                {
                    return Ok(Delivered::Terminal);
                }
                continue;
            }
            "k" => return rescue.keep(id, &line, failed),
            _ => continue,
        }
        if let Some(receiver) = &again {
            match receiver.give(&line, held).await {
                Ok(()) => return Ok(Delivered::Command),
                Err(why) => failed = why,
            }
        }
    }
}

fn question(id: &KeyId, failed: &str, has_command: bool, rescue: &Rescue) -> String {
    let again = if has_command { "  r  run the command again\n" } else { "" };
    format!(
        "latchkey: {failed}. The secret of {} is still here:\n{again}  c  give it to another command\n  \
         f  write it to a new file\n  s  show it here\n  k  keep it in a private file in {} and end\nYour choice: ",
        id.label(KeyId::MAX_CHARS),
        rescue.folder().display(),
    )
}

/// None if nobody answers, or a signal came.
async fn answer(question: String, held: &mut Held) -> Option<String> {
    if held.is_heard() {
        return None;
    }
    tokio::select! {
        answer = ask::line(question) => answer.ok(),
        () = held.signal() => None,
    }
}

fn to_file(path: &Path, line: &[u8]) -> Result<(), String> {
    let file = NewFile::create(path).map_err(|failure| words(&failure))?;
    file.fill(line).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// What is wrong, for the middle of a sentence. Here a key was made.
fn words(failure: &Failure) -> String {
    failure.message.trim_end_matches(" No key was made.").trim_end_matches('.').to_owned()
}

/// Straight to the terminal: standard output may be a file.
fn show(line: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).open("/dev/tty")?.write_all(line)
}
