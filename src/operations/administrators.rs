//! Administrators and their passwords, at any server.

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::access::Access;
use super::failure::{Exit, Failure};
use super::interrupt::{Flow, Interrupt};
use super::messages;
use super::prompter::Prompter;
use super::sign_in::read;
use crate::client::{ApiError, Client};
use crate::domain::{Role, sentence};
use crate::platform::secret_input::SecretSource;
use crate::server::auth::username::{FEWEST_CHARS, PasswordError, Username, UsernameError, check_password};

/// Adds an administrator. Returns what came of it, as do the others.
pub(crate) async fn add(
    prompter: &mut impl Prompter,
    client: &Client,
    username: &Username,
    role: Role,
    password: Option<SecretSource>,
) -> Flow<String> {
    let name = username.as_str();
    let taken = || {
        Failure::new(Exit::Conflict, format!("Administrator {name} already exists."))
            .next(format!("Set a new password with: latchkey admin passwd {name}"))
    };
    if is_known(prompter, client, username).await? {
        return Err(taken().into()); // before anybody types a password for nothing
    }
    let question = password_question(username);
    let password = new_password(prompter, username, &question, password).await?;
    match prompter.wait(client.add_administrator(name, role, &password)).await? {
        Err(ApiError::Conflict(..)) => return Err(taken().into()),
        added => added?,
    }
    Ok(format!("Added {name} as {}.", role.as_str()))
}

/// Gives an administrator a new password.
pub(crate) async fn reset_password(
    prompter: &mut impl Prompter,
    client: &Client,
    username: &Username,
    password: Option<SecretSource>,
) -> Flow<String> {
    let name = username.as_str();
    if !is_known(prompter, client, username).await? {
        return Err(unknown(username).into());
    }
    let question = password_question(username);
    let password = new_password(prompter, username, &question, password).await?;
    known(username, prompter.wait(client.reset_password(name, &password)).await?)?;
    Ok(format!("Changed the password of {name} and ended all of their sessions."))
}

/// Gives an administrator another role.
pub(crate) async fn set_role(
    prompter: &mut impl Prompter,
    client: &Client,
    username: &Username,
    role: Role,
    even_last: bool,
) -> Flow<String> {
    let name = username.as_str();
    known(username, prompter.wait(client.set_role(name, role, even_last)).await?)?;
    Ok(format!("{name} is now {}.", role.as_str()))
}

/// Removes an administrator; asks first unless `is_sure`.
pub(crate) async fn remove(
    prompter: &mut impl Prompter,
    client: &Client,
    username: &Username,
    is_sure: bool,
    even_last: bool,
) -> Flow<String> {
    let name = username.as_str();
    if !is_known(prompter, client, username).await? {
        return Err(unknown(username).into());
    }
    if !is_sure {
        if !prompter.is_interactive() {
            return Err(Failure::usage("There is no terminal to ask on.")
                .next("Use --yes to remove without confirmation.")
                .into());
        }
        let question = format!("Remove {name} and end all of their sessions? To confirm, type {name}: ");
        if prompter.ask(question).await? != name {
            return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, format!("{name} was not removed."))));
        }
    }
    known(username, prompter.wait(client.remove_administrator(name, even_last)).await?)?;
    Ok(format!("Removed {name} and ended all of their sessions."))
}

/// Changes the password of who is signed in.
pub(crate) async fn change_own_password(
    access: &mut impl Access,
    old: Option<SecretSource>,
    new: Option<SecretSource>,
) -> Flow<&'static str> {
    let client = access.client().await?;
    let Some(who) = access.connection().server.who.clone() else {
        return Err(Failure::new(Exit::Usage, messages::NO_PASSWORD).into());
    };
    let username = Username::parse(who.username.raw_for_api()).map_err(Failure::from)?;
    let prompter = access.prompter();
    let old = match old {
        Some(source) => read(prompter, source).await?,
        None => prompter.ask_hidden("Old password (Enter to cancel): ").await?,
    };
    if old.expose_secret().is_empty() {
        return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, messages::PASSWORD_KEPT)));
    }
    let question = format!("New password ({FEWEST_CHARS} characters or more): ");
    let new = new_password(prompter, &username, &question, new).await?;
    prompter.wait(client.change_password(&old, &new)).await?.map_err(own_password_refused)?;
    Ok(messages::PASSWORD_CHANGED)
}

/// Why one's own password was not changed.
pub(crate) fn own_password_refused(error: ApiError) -> Failure {
    match error {
        // The contract's only refusal of who is signed in here.
        ApiError::NotAllowed(_) => Failure::new(Exit::NotGood, messages::WRONG_OLD_PASSWORD),
        error => error.into(),
    }
}

/// The question for the new password of an administrator.
pub(crate) fn password_question(username: &Username) -> String {
    format!("New password for {} ({FEWEST_CHARS} characters or more): ", username.as_str())
}

/// Takes a new password, twice where it is typed, and checks it.
pub(crate) async fn new_password(
    prompter: &mut impl Prompter,
    username: &Username,
    question: &str,
    source: Option<SecretSource>,
) -> Flow<SecretString> {
    let is_typed = source.is_none();
    let password = match source {
        Some(source) => read(prompter, source).await?,
        None => prompter.ask_hidden(question).await?,
    };
    check_password(username, &password).map_err(Failure::from)?;
    if is_typed {
        let again = prompter.ask_hidden("Repeat the password: ").await?;
        if !is_same(&again, &password) {
            return Err(Failure::usage(messages::PASSWORDS_DIFFER).into());
        }
    }
    Ok(password)
}

/// Checks a new password that was typed twice into a form: in words.
pub(crate) fn check_typed(username: &str, new: &SecretString, again: &SecretString) -> Result<(), String> {
    let username = Username::parse(username).map_err(|error| sentence(&error.to_string()))?;
    check_password(&username, new).map_err(|error| sentence(&error.to_string()))?;
    if is_same(new, again) { Ok(()) } else { Err(messages::PASSWORDS_DIFFER.to_owned()) }
}

/// Whether two passwords are the same: in constant time.
fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
}

async fn is_known(prompter: &mut impl Prompter, client: &Client, username: &Username) -> Flow<bool> {
    let all = prompter.wait(client.administrators()).await??;
    Ok(all.iter().any(|known| known.username.raw_for_api() == username.as_str()))
}

/// Says who is not known, and who must stay.
fn known(username: &Username, done: Result<(), ApiError>) -> Result<(), Failure> {
    done.map_err(|error| match error {
        ApiError::NotFound(_) => unknown(username),
        ApiError::Conflict(_, words) => {
            Failure::new(Exit::Conflict, format!("{}. {}", words.to_display(120), messages::NOTHING_CHANGED))
                .next("Add another first, or use --last.")
        }
        error => error.into(),
    })
}

fn unknown(username: &Username) -> Failure {
    Failure::new(Exit::NotFound, format!("No administrator {}.", username.as_str()))
        .next("List them with: latchkey admin list")
}

impl From<UsernameError> for Failure {
    fn from(error: UsernameError) -> Self {
        Self::usage(format!("Invalid user name: {error}."))
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::new(Exit::NotGood, format!("Nothing was changed: {error}."))
    }
}
