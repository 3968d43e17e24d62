//! Questions to a person, where there is one.

use std::io;
use std::io::IsTerminal as _;

use super::failure::{Exit, Failure};
use crate::platform::prompt;

/// Whether somebody can be asked: standard input and standard error are a terminal.
#[must_use]
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line, without its spaces at both ends. The end of input and Ctrl-D are a no.
pub async fn line(question: String) -> Result<String, Failure> {
    let answer = tokio::task::spawn_blocking(move || prompt::line(&question)).await;
    match answer.map_err(io::Error::other).flatten() {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Failure::new(Exit::Cancelled, "Cancelled: no answer."))
        }
        Err(error) => Err(Failure::new(Exit::Mistake, format!("The terminal cannot be asked: {error}."))),
    }
}
