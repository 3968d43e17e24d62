//! `latchkey admin`: who may sign in to the server on a data folder.

use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use color_eyre::Result;
use color_eyre::eyre::{bail, eyre};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::prompt;
use super::secret_input::{SecretSource, read_secret};
use crate::args::admin::{Admin, Password};
use crate::server::username::{Username, check_password};
use crate::server::{Administrator, Removal, Role, Store, passwords};

/// Does what is asked about the administrators of a data folder.
pub fn admin(data: &Path, what: &Admin) -> Result<()> {
    match what {
        Admin::Add { username, role, password } => add(data, &Username::parse(username)?, *role, password),
        Admin::List => list(&existing(data)?.administrators()?),
        Admin::Passwd { username, password } => {
            let (username, store) = known(data, username)?;
            let hash = new_password(&username, password)?;
            if !store.set_password(&username, &hash)? {
                return Err(unknown(&username));
            }
            say(&format!("the password of {} is changed, and every session of theirs has ended", username.as_str()))
        }
        Admin::Remove { username, yes, last } => remove(data, username, *yes, *last),
    }
}

fn add(data: &Path, username: &Username, role: Role, password: &Password) -> Result<()> {
    let store = Store::open(data)?;
    let taken = || {
        eyre!("there is an administrator {0} already: latchkey admin passwd {0} sets a new password", username.as_str())
    };
    if is_known(&store, username)? {
        return Err(taken()); // before anybody types a password for nothing
    }
    let hash = new_password(username, password)?;
    if !store.add_administrator(username, role, &hash, Utc::now())? {
        return Err(taken());
    }
    say(&format!("{} is added as {}", username.as_str(), role.as_str()))
}

fn remove(data: &Path, username: &str, yes: bool, even_last: bool) -> Result<()> {
    let (username, store) = known(data, username)?;
    if !yes && !confirmed(&username)? {
        bail!("{} was not removed", username.as_str());
    }
    match store.remove_administrator(&username, even_last)? {
        Removal::Done => say(&format!("{} is removed, and every session of theirs has ended", username.as_str())),
        Removal::Unknown => Err(unknown(&username)),
        Removal::Last => Err(eyre!(
            "{} is the last who may manage keys and was not removed: add another first, or give --last",
            username.as_str()
        )),
    }
}

/// The store of a folder that has one: a mistyped folder is not made.
fn existing(data: &Path) -> Result<Store> {
    if !data.join("keys.db").exists() {
        bail!("{} has no data of latchkey: give the server's data folder with --data", data.display());
    }
    Ok(Store::open(data)?)
}

fn known(data: &Path, username: &str) -> Result<(Username, Store)> {
    let username = Username::parse(username)?;
    let store = existing(data)?;
    if is_known(&store, &username)? { Ok((username, store)) } else { Err(unknown(&username)) }
}

fn is_known(store: &Store, username: &Username) -> Result<bool> {
    Ok(store.administrators()?.iter().any(|known| known.username == username.as_str()))
}

fn unknown(username: &Username) -> color_eyre::Report {
    eyre!("there is no administrator {}: see latchkey admin list", username.as_str())
}

/// Takes a password, checks it, and gives its hash.
fn new_password(username: &Username, from: &Password) -> Result<String> {
    let words = format!("New password for {}: ", username.as_str());
    let source = SecretSource::of_option(from.password_file.as_deref(), &words);
    let password = read_secret(&source)?;
    check_password(username, &password)?;
    if matches!(source, SecretSource::Prompt(_)) {
        let again: SecretString = prompt::hidden("The same again: ")?;
        let same: bool = again.expose_secret().as_bytes().ct_eq(password.expose_secret().as_bytes()).into();
        if !same {
            bail!("the two were not the same: nothing was changed");
        }
    }
    Ok(passwords::hash(&password)?)
}

fn confirmed(username: &Username) -> Result<bool> {
    let question = format!("Remove {0} and end every session of theirs? Type {0} to do so: ", username.as_str());
    let answer = prompt::line(&question).map_err(|error| eyre!("{error}; or give --yes"))?;
    Ok(answer.trim() == username.as_str())
}

/// A table, aligned; names are plain text by their form.
fn list(all: &[Administrator]) -> Result<()> {
    let mut out = io::stdout().lock();
    let width = all.iter().map(|one| one.username.len()).max().unwrap_or(0).max("username".len());
    writeln!(out, "{:width$}  {:13}  {:20}  last sign-in", "username", "role", "created")?;
    for one in all {
        let last = one.last_sign_in_at.map_or_else(|| "never".to_owned(), time);
        writeln!(out, "{:width$}  {:13}  {:20}  {last}", one.username, one.role.as_str(), time(one.created_at))?;
    }
    Ok(())
}

/// RFC 3339 in UTC, to the second.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn say(words: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{words}")?)
}
