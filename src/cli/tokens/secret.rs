//! Secrets and tokens that come in, each checked for its role before it is used.

use std::io;
use std::io::IsTerminal as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::secrets::credential_kind;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::domain::{KeyId, capitalized, sentence};
use crate::operations::failure::{Exit, Failure};
use crate::operations::messages;
use crate::platform::secret_input::{SecretInputError, SecretSource, read_secret};

/// Reads what is wanted: from `file` if given, else from standard input if that is no terminal, else by a prompt without
/// echo. What it cannot be is refused, and named.
pub fn read(file: Option<&Path>, wanted: ExpectedInput) -> Result<SecretString, Failure> {
    let text = given(read_secret(&source(file, wanted, "")), wanted)?;
    check(wanted, &text)?;
    Ok(text)
}

/// An empty file or input is said to lack what is wanted.
fn given(read: Result<SecretString, SecretInputError>, wanted: ExpectedInput) -> Result<SecretString, Failure> {
    read.map_err(|error| match error {
        SecretInputError::Empty(place) => {
            Failure::usage(sentence(&format!("{place} is empty: it should hold the {}", wanted.name())))
        }
        error => error.into(),
    })
}

/// The same, where nothing may be given too. A file that was named should hold something.
pub fn read_if_any(file: Option<&Path>, wanted: ExpectedInput) -> Result<Option<SecretString>, Failure> {
    let text = match read_secret(&source(file, wanted, " (Enter for none)")) {
        Err(SecretInputError::Empty(_)) if file.is_none() => return Ok(None),
        text => given(text, wanted)?,
    };
    Ok(Some(text).filter(|text| !text.expose_secret().is_empty()))
}

fn source(file: Option<&Path>, wanted: ExpectedInput, hint: &str) -> SecretSource {
    match file {
        None if !io::stdin().is_terminal() => SecretSource::Stdin,
        file => SecretSource::of_option(file, &format!("{}{hint}: ", capitalized(wanted.name()))),
    }
}

/// Refuses a text that cannot be what is wanted, and one that is empty.
fn check(wanted: ExpectedInput, text: &SecretString) -> Result<(), Failure> {
    let wrong = match wanted.check(text.expose_secret()) {
        Ok(()) if text.expose_secret().is_empty() => "it is empty".to_owned(),
        Err(role) if role.is_certain => role.to_string(),
        _ => return Ok(()),
    };
    Err(Failure::new(Exit::NotGood, format!("The {} is not valid: {wrong}.", wanted.name()))
        .next(messages::NOTHING_SENT))
}

/// Refuses an ID and a secret that cannot be a pair.
pub fn check_pair(id: &KeyId, secret: &SecretString) -> Result<(), Failure> {
    match credential_kind::check_pair(id.raw_for_api(), secret.expose_secret()) {
        Err(wrong) if wrong.is_certain => {
            Err(Failure::new(Exit::NotGood, format!("The ID and secret are not valid: {wrong}.")))
        }
        _ => Ok(()),
    }
}
