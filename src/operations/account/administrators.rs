//! Administrators and their passwords, at any server.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::client::{AdminChange, AdminChangeKind, AdminEntry, ApiError, SessionEntry};
use crate::domain::{Role, Untrusted, sentence};
use crate::operations::access::Access;
use crate::operations::account::sessions::counted;
use crate::operations::account::sign_in::read;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::local_time;
use crate::operations::keys::delete::Confirmation;
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter;
use crate::platform::secret_input::SecretSource;
use crate::server::auth::username::{FEWEST_CHARS, PasswordError, Username, UsernameError, check_password};

/// Cells of a user name in a sentence: the longest of our servers.
const NAME_CELLS: usize = 64;

/// What a role may do.
pub(crate) const fn may(role: Role) -> &'static str {
    match role {
        Role::Superuser => "manages keys and administrators",
        Role::Administrator => "manages keys",
        Role::Auditor => "read-only",
    }
}

/// Adds an administrator. Returns what came of it, as do the others.
pub(crate) async fn add(
    access: &mut impl Access,
    username: &Username,
    role: Role,
    password: Option<SecretSource>,
) -> Flow<String> {
    if is_known(access, username).await? {
        return Err(taken(username.as_str()).into()); // before a password is typed for nothing
    }
    let question = password_question(username);
    let password = new_password(access.prompter(), username, &question, password).await?;
    change(access, username, AdminChangeKind::Add(role, password)).await
}

/// Gives an administrator a new password. Who changes their own is asked for the old one.
pub(crate) async fn reset_password(
    access: &mut impl Access,
    username: &Username,
    password: Option<SecretSource>,
) -> Flow<String> {
    if access.connection().server.is_signed_in_as(username.as_str()) {
        if password.is_some() {
            return Err(Failure::new(Exit::Denied, "Your own password needs the old one. Nothing was changed.")
                .command("Change it with: latchkey passwd")
                .into());
        }
        return change_own_password(access, None, password).await.map(str::to_owned);
    }
    if !is_known(access, username).await? {
        return Err(unknown(username.as_str()).into());
    }
    let question = password_question(username);
    let password = new_password(access.prompter(), username, &question, password).await?;
    change(access, username, AdminChangeKind::Password(password)).await
}

/// Gives an administrator another role.
pub(crate) async fn set_role(
    access: &mut impl Access,
    username: &Username,
    role: Role,
    even_last: bool,
) -> Flow<String> {
    change(access, username, AdminChangeKind::Role { role, even_last }).await
}

/// Removes an administrator; asks first unless `is_sure`.
pub(crate) async fn remove(
    access: &mut impl Access,
    username: &Username,
    is_sure: bool,
    even_last: bool,
) -> Flow<String> {
    let name = username.as_str();
    if !is_known(access, username).await? {
        return Err(unknown(name).into());
    }
    if !is_sure {
        let is_own = access.connection().server.is_signed_in_as(name);
        let confirmation = Confirmation::of_name(name, access.connection().server.production());
        let prompter = access.prompter();
        if !prompter.is_interactive() {
            return Err(Failure::usage("There is no terminal to ask on.")
                .next("Use --yes to remove without confirmation.")
                .into());
        }
        prompter.say(removal(name, is_own));
        let typed = prompter.ask(confirmation.question()).await?;
        if !confirmation.is_given_by(&typed) {
            return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, format!("{name} was not removed."))));
        }
    }
    change(access, username, AdminChangeKind::Remove { even_last }).await
}

async fn change(access: &mut impl Access, username: &Username, kind: AdminChangeKind) -> Flow<String> {
    let change = AdminChange { username: username.as_str().to_owned(), kind };
    let done = access.try_call(async |client| client.change_administrator(&change).await).await?;
    done.map_err(|error| not_changed(&change, error))?;
    Ok(changed(&change))
}

/// What was done.
pub(crate) fn changed(change: &AdminChange) -> String {
    let name = shown(&change.username);
    match &change.kind {
        AdminChangeKind::Add(role, _) => format!("Added {name} as {}.", role.as_str()),
        AdminChangeKind::Role { role, .. } => format!("{name} is now {}.", role.as_str()),
        AdminChangeKind::Password(_) => format!("Changed the password of {name} and ended all of their sessions."),
        AdminChangeKind::Remove { .. } => format!("Removed {name} and ended all of their sessions."),
    }
}

/// Why it was not done.
pub(crate) fn not_changed(change: &AdminChange, error: ApiError) -> Failure {
    match (error, &change.kind) {
        (ApiError::Conflict(..), AdminChangeKind::Add(..)) => taken(&change.username),
        (ApiError::NotFound(_), _) => unknown(&change.username),
        (ApiError::Conflict(_, words), kind) => {
            let next = match kind {
                AdminChangeKind::Remove { .. } => "Give someone else that role first",
                _ => "Give someone else this role first",
            };
            Failure::new(Exit::Conflict, format!("{}. {}", words.to_display(120), messages::NOTHING_CHANGED))
                .next(format!("{next}."))
                .command(format!("{next}, or use --last."))
        }
        (error, _) => error.into(),
    }
}

/// What removing an administrator means.
pub(crate) fn removal(username: &str, is_own: bool) -> String {
    let name = shown(username);
    if is_own {
        format!("{name} is you. You will be signed out and can't sign in again. The keys that you created stay.")
    } else {
        format!("All sessions of {name} end, and they can't sign in again. The keys that they created stay.")
    }
}

/// What is lost by who gives up the role of superuser.
pub(crate) const OWN_ROLE: &str = "This is your own role: only another superuser can give it back to you.";

/// An administrator in one line, with their sessions.
pub(crate) fn in_line(one: &AdminEntry, sessions: &[SessionEntry], is_own: bool) -> String {
    let count = sessions.iter().filter(|session| session.username == one.username).count();
    format!(
        "{}, {}, created {}, last sign-in {}, {}{}",
        one.username.to_display(NAME_CELLS),
        one.role.to_display(NAME_CELLS),
        local_time(one.created_at),
        one.last_sign_in_at.map_or_else(|| "never".to_owned(), |at: DateTime<Utc>| local_time(at)),
        counted(count),
        if is_own { ", you" } else { "" },
    )
}

fn shown(username: &str) -> String {
    Untrusted::new(username).to_display(NAME_CELLS)
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

/// Checks the name of a new administrator that was typed into a form, and gives it as the server has it; or says in
/// words what is wrong.
pub(crate) fn check_name(typed: &str) -> Result<String, String> {
    Username::parse(typed).map(|name| name.as_str().to_owned()).map_err(|error| sentence(&error.to_string()))
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

async fn is_known(access: &mut impl Access, username: &Username) -> Flow<bool> {
    let all = access.call(async |client| client.administrators().await).await?;
    Ok(all.iter().any(|known| known.username.raw_for_api() == username.as_str()))
}

fn taken(username: &str) -> Failure {
    let name = shown(username);
    Failure::new(Exit::Conflict, format!("Administrator {name} already exists."))
        .next("Choose another name.")
        .command(format!("Set a new password with: latchkey admin passwd {name}"))
}

fn unknown(username: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("No administrator {}.", shown(username)))
        .command("List them with: latchkey admin list")
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
