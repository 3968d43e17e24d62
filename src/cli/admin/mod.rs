//! `latchkey admin`: who may sign in to the server on a data folder.

mod list;

use std::io;
use std::io::Write as _;
use std::path::Path;

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::args::admin::{Admin, Password};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::messages;
use crate::operations::prompter::warn;
use crate::platform::prompt;
use crate::platform::secret_input::{SecretInputError, SecretSource, read_secret};
use crate::platform::users::own_name;
use crate::server::auth::passwords;
use crate::server::auth::passwords::HashError;
use crate::server::auth::username::{FEWEST_CHARS, PasswordError, Username, UsernameError, check_password};
use crate::server::{Actor, AdminOutcome, DataError, DataFolder, PasswordChange, Role, Store, StoreAccess, StoreError};

/// Does what is asked about the administrators of a data folder.
pub async fn run(what: &Admin, settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey admin")?;
    if settings.overrides.read_only && !matches!(what, Admin::List) {
        return Err(Failure::new(Exit::Denied, "--read-only is set.").next(messages::NOTHING_CHANGED));
    }
    let data = settings.data()?;
    match what {
        Admin::Add { username, role, password } => add(data, &Username::parse(username)?, *role, password).await,
        Admin::List => {
            let all = existing(data, StoreAccess::Read).await?.administrators().await?;
            // A folder that was not named may not be the one that is meant.
            if all.is_empty() && settings.overrides.data.is_none() && settings.format != Format::Json {
                warn(format!("There are no administrators in {}. For a server's, use --data.", data.display()));
            }
            return list::write(&all, settings.format);
        }
        Admin::Passwd { username, password } => passwd(data, username, password).await,
        Admin::Remove { username, yes, last } => remove(data, username, *yes, *last).await,
    }
    .map(|()| Exit::Done)
}

async fn add(data: &Path, username: &Username, role: Role, password: &Password) -> Result<(), Failure> {
    let store = DataFolder::open(data, StoreAccess::Create).await?.store;
    let name = username.as_str();
    let taken = || {
        Failure::new(Exit::Conflict, format!("Administrator {name} already exists."))
            .next(format!("Set a new password with: latchkey admin passwd {name}"))
    };
    if is_known(&store, username).await? {
        return Err(taken()); // before anybody types a password for nothing
    }
    let hash = new_password(username, password)?;
    if !store.add_administrator(username, role, &hash, actor(), Utc::now()).await? {
        return Err(taken());
    }
    say(&format!("Added {name} as {}.", role.as_str()))
}

async fn passwd(data: &Path, username: &str, password: &Password) -> Result<(), Failure> {
    let (username, store) = known(data, username).await?;
    let password = new_password(&username, password)?;
    let change = PasswordChange { username: username.clone(), password, old: None, keep: None };
    if !store.set_password(change, actor(), Utc::now()).await? {
        return Err(unknown(&username));
    }
    say(&format!("Changed the password of {} and ended all of their sessions.", username.as_str()))
}

async fn remove(data: &Path, username: &str, yes: bool, even_last: bool) -> Result<(), Failure> {
    let (username, store) = known(data, username).await?;
    let name = username.as_str();
    if !yes && !confirmed(name)? {
        return Err(Failure::new(Exit::Cancelled, format!("{name} was not removed.")));
    }
    match store.remove_administrator(&username, even_last, actor(), Utc::now()).await? {
        AdminOutcome::Done => say(&format!("Removed {name} and ended all of their sessions.")),
        AdminOutcome::Unknown => Err(unknown(&username)),
        AdminOutcome::Last(role) => {
            let last = match role {
                Role::Superuser => "last superuser",
                _ => "last administrator who can manage keys",
            };
            let message = format!("{name} is the {last} and was not removed.");
            Err(Failure::new(Exit::Conflict, message).next("Add another first, or use --last."))
        }
    }
}

/// The user, as the trail names who works on a data folder.
pub(super) fn actor() -> Actor {
    Actor { name: own_name(), address: "local".to_owned() }
}

/// The store of a folder that has one: a mistyped folder is not created.
async fn existing(data: &Path, access: StoreAccess) -> Result<Store, Failure> {
    match DataFolder::open(data, access).await {
        Ok(folder) => Ok(folder.store),
        Err(DataError::NoStore(_)) => {
            Err(Failure::new(Exit::NotFound, format!("{} is not a latchkey data folder.", data.display()))
                .next("Use --data with the server's data folder."))
        }
        Err(error) => Err(error.into()),
    }
}

async fn known(data: &Path, username: &str) -> Result<(Username, Store), Failure> {
    let username = Username::parse(username)?;
    let store = existing(data, StoreAccess::Open).await?;
    if is_known(&store, &username).await? { Ok((username, store)) } else { Err(unknown(&username)) }
}

async fn is_known(store: &Store, username: &Username) -> Result<bool, StoreError> {
    Ok(store.administrators().await?.iter().any(|known| known.username == username.as_str()))
}

fn unknown(username: &Username) -> Failure {
    Failure::new(Exit::NotFound, format!("No administrator {}.", username.as_str()))
        .next("List them with: latchkey admin list")
}

/// Takes a password, checks it, and gives its hash.
pub(super) fn new_password(username: &Username, from: &Password) -> Result<String, Failure> {
    let words = format!("New password for {} ({FEWEST_CHARS} characters or more): ", username.as_str());
    let source = SecretSource::of_option(from.password_file.as_deref(), &words);
    let password = read_secret(&source)?;
    check_password(username, &password)?;
    if matches!(source, SecretSource::Prompt(_)) {
        let again: SecretString = prompt::hidden("Repeat the password: ").map_err(SecretInputError::Prompt)?;
        let same: bool = again.expose_secret().as_bytes().ct_eq(password.expose_secret().as_bytes()).into();
        if !same {
            return Err(Failure::usage("The passwords don't match. Nothing was changed."));
        }
    }
    Ok(passwords::hash(&password)?)
}

fn confirmed(name: &str) -> Result<bool, Failure> {
    let question = format!("Remove {name} and end all of their sessions? To confirm, type {name}: ");
    match prompt::line(&question) {
        Ok(answer) => Ok(answer.trim() == name),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(_) => {
            Err(Failure::usage("There is no terminal to ask on.").next("Use --yes to remove without confirmation."))
        }
    }
}

fn say(words: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{words}").map_err(|error| Failure::of_output(&error))
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

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match &error {
            DataError::OtherUser { owner, .. } => {
                // In quotes: the user may be named as the program is.
                let next = format!("Run this as that user: sudo -u '{owner}' latchkey …");
                Self::new(Exit::Denied, format!("{error}.")).next(next)
            }
            _ => Self::new(Exit::Mistake, error.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Mistake, error.to_string())
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::new(Exit::Mistake, error.to_string())
    }
}
