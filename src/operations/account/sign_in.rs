//! Signing in and out, and remembering a session.

use std::io;
use std::pin::pin;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use crate::client::session_file::{SessionFile, SessionStorage};
use crate::client::{AdminSession, ApiError, Connection, ConnectionSettings, Credentials, FAREWELL};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::domain::{Profile, Untrusted};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::time;
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;
use crate::platform::secret_input::{SecretSource, read_secret};
use crate::platform::surroundings::Account;

/// Cells of a user name in a question.
const NAME_CELLS: usize = 60;
/// Cells of a server's name in a question.
const SERVER_CELLS: usize = 120;

/// How `login` is to sign in.
pub(crate) struct SignInOptions {
    /// The user name; the profile's, or a question, if there is none.
    pub(crate) username: Option<String>,
    /// Where the password is; a question if it is nowhere.
    pub(crate) password: Option<SecretSource>,
    /// Where the session is to be remembered, if it is.
    pub(crate) remember: Option<SessionStorage>,
}

/// Asks for the password, and for the name if it is not known. Nothing typed gives up.
pub(crate) async fn ask_credentials(
    prompter: &mut impl Prompter,
    server: &str,
    username: Option<String>,
) -> Flow<Credentials> {
    let username = ask_name(prompter, server, username).await?;
    let (name, at) =
        (Untrusted::new(&username).to_display(NAME_CELLS), Untrusted::new(server).to_display(SERVER_CELLS));
    let password = prompter.ask_hidden(format!("Password of {name} at {at} (Enter to cancel): ")).await?;
    if password.expose_secret().is_empty() {
        return Err(not_signed_in().into());
    }
    Ok(Credentials { username, password })
}

/// Signs in on a connection, and asks for what is not given. Returns the session, and the user name as it was typed.
pub(crate) async fn sign_in(
    prompter: &mut impl Prompter,
    connection: &mut Connection,
    username: Option<String>,
    password: Option<SecretSource>,
) -> Flow<(AdminSession, String)> {
    let Profile { server, username: known, .. } = connection.server.profile.clone();
    let username = username.or(known);
    let credentials = match password {
        None => {
            prompter.wait(connection.client.find()).await??; // before a password is typed
            ask_credentials(prompter, &server, username).await?
        }
        Some(source) => {
            let username = ask_name(prompter, &server, username).await?;
            Credentials { username, password: read(prompter, source).await? }
        }
    };
    let session = begin(prompter, connection, &credentials).await??;
    Ok((session, credentials.username))
}

/// Signs in. If interrupted, ends the session that the server may have created: no other code knows about it.
pub(crate) async fn begin(
    prompter: &mut impl Prompter,
    connection: &mut Connection,
    credentials: &Credentials,
) -> Flow<Result<AdminSession, ApiError>> {
    prompter.hold_signals();
    let interrupt = {
        let mut signing_in = pin!(connection.sign_in(credentials));
        match prompter.wait(&mut signing_in).await {
            Ok(session) => return Ok(session),
            Err(interrupt) => {
                let _ = tokio::time::timeout(FAREWELL, signing_in).await;
                interrupt
            }
        }
    };
    connection.end_session().await;
    Err(interrupt)
}

/// Signs in; remembers the session if that is wanted, and ends it again if not. `say` takes what came of it.
pub(crate) async fn login(
    prompter: &mut impl Prompter,
    config: &Config,
    options: SignInOptions,
    say: impl Fn(&str),
) -> Result<(), Failure> {
    let SignInOptions { username, password, remember } = options;
    let (settings, file) = remote(config)?;
    let profile = config.profile(config.chosen())?;
    if let (Some(name), Some(fixed), true) = (&username, &profile.username, remember.is_some())
        && name != fixed
    {
        return Err(ConfigError::AnotherName(profile.name, fixed.clone()).into());
    }
    let mut connection = Connection::remote(profile, &settings, None)?;
    connection.needs_sign_in()?; // before a password is typed: Passportal has no sign-in
    let (session, name) = sign_in(prompter, &mut connection, username, password).await?;
    let AdminSession { username, role, expires_at, .. } = &session;
    let who = format!("Signed in to {} as {}", connection.server.profile.server, messages::identity(username, role));
    let Some(storage) = remember else {
        let ended = match prompter.wait(connection.sign_out()).await {
            Ok(ended) => ended,
            Err(interrupt) => {
                connection.end_session().await;
                return Err(interrupt.into());
            }
        };
        say(&format!("{who}. The user name and password are correct."));
        ended.map_err(|error| not_told(*expires_at, &error))?;
        say("The session was ended again; use --remember to stay signed in.");
        return Ok(());
    };
    prompter.wait(keep(&file, &mut connection, &session, &name, storage)).await??;
    say(&format!("{who}, until {} at the latest.", time(*expires_at)));
    let logout = config.command(config.chosen(), "logout");
    say(&format!("The session is stored in {}. End it with {logout}", place(&file, storage)));
    if let Some(warning) = Account::read().warning() {
        prompter.say(format!("Careful: {warning}"));
    }
    Ok(())
}

/// Ends the remembered session at the server, and forgets it. `say` takes what came of it.
pub(crate) async fn logout(config: &Config, say: impl Fn(&str)) -> Result<(), Failure> {
    let (settings, file) = remote(config)?;
    let profile = config.profile(config.chosen())?;
    let server = profile.server.clone();
    let Some(session) = file.load(None, Utc::now())? else {
        say(&format!("No session is stored for {server}; there is nothing to sign out of."));
        return Ok(());
    };
    let ended = match Connection::remote(profile, &settings, Some(&session)) {
        Ok(mut connection) => connection.sign_out().await,
        Err(error) => Err(error),
    };
    let place = place(&file, file.keeper().unwrap_or(SessionStorage::File));
    file.remove()?;
    ended.map_err(|error| not_told(session.expires_at, &error))?;
    say(&format!("Signed out of {server}. The session in {place} was removed."));
    Ok(())
}

/// Where a session is, in words.
pub(crate) fn place(file: &SessionFile, keeper: SessionStorage) -> String {
    match keeper {
        SessionStorage::Keyring => "the kernel's keyring of this user".to_owned(),
        SessionStorage::File => file.path().display().to_string(),
    }
}

async fn ask_name(prompter: &mut impl Prompter, server: &str, known: Option<String>) -> Flow<String> {
    let name = if let Some(name) = known {
        name
    } else {
        let at = Untrusted::new(server).to_display(SERVER_CELLS);
        prompter.ask(format!("User name at {at} (Enter to cancel): ")).await?
    };
    if name.is_empty() { Err(not_signed_in().into()) } else { Ok(name) }
}

/// Reads a password where waiting holds up nothing else.
pub(crate) async fn read(prompter: &mut impl Prompter, source: SecretSource) -> Flow<SecretString> {
    let reading = tokio::task::spawn_blocking(move || read_secret(&source));
    match prompter.wait(reading).await? {
        Ok(password) => Ok(password.map_err(Failure::from)?),
        Err(error) => Err(Failure::new(Exit::Mistake, io::Error::other(error).to_string()).into()),
    }
}

/// Remembers the session. Two sessions where one is used are one too many: the older one is ended.
async fn keep(
    file: &SessionFile,
    connection: &mut Connection,
    session: &AdminSession,
    name: &str,
    storage: SessionStorage,
) -> Result<(), Failure> {
    let older = file.load(None, Utc::now()).ok().flatten();
    if let Err(error) = file.store(session, name, storage) {
        let _ = connection.sign_out().await; // a session that is not stored is of no use
        return Err(error.into());
    }
    if let Some(older) = older
        && let Ok(client) = connection.client.with_session(&older.token)
    {
        let _ = client.sign_out().await; // if it can't be ended now, it ends by itself
    }
    Ok(())
}

/// The chosen profile's server, and the file of its session.
fn remote(config: &Config) -> Result<(ConnectionSettings, SessionFile), Failure> {
    let name = config.chosen();
    match config.connection(name)? {
        ServerLocation::Embedded(_) => {
            Err(Failure::usage(format!("The profile {name} is the embedded server, which needs no sign-in."))
                .next("Choose another with --profile."))
        }
        ServerLocation::Remote(connection) => {
            let file = SessionFile::of(config.state_folder().map_err(ConfigError::from)?, name, &connection.target);
            Ok((connection, file))
        }
    }
}

fn not_signed_in() -> Failure {
    Failure::new(Exit::Denied, "You are not signed in; nothing was done.")
}

fn not_told(until: DateTime<Utc>, error: &ApiError) -> Failure {
    let message = messages::not_told(error);
    let until = time(until);
    Failure::new(
        Exit::Unreachable,
        format!("{message} The server accepts the session until {until}, or until it has been idle too long."),
    )
}

#[cfg(test)]
mod tests {
    use crate::operations::account::sign_in::*;
    use crate::operations::prompts::interrupt::Interrupt;
    use crate::operations::prompts::scripted::Scripted;

    #[tokio::test]
    async fn only_what_is_not_known_is_asked() {
        let mut prompter = Scripted::new(&["jo", "word"]);
        let typed = ask_credentials(&mut prompter, "db\u{1b}", None).await.unwrap();
        assert_eq!((typed.username.as_str(), typed.password.expose_secret()), ("jo", "word"));
        assert!(prompter.said[0].starts_with("User name at db") && !prompter.said.concat().contains('\u{1b}'));
        let mut prompter = Scripted::new(&["word"]);
        assert_eq!(ask_credentials(&mut prompter, "db", Some("mo".into())).await.unwrap().username, "mo");
        assert_eq!(prompter.said, ["Password of mo at db (Enter to cancel): "]);
    }

    #[tokio::test]
    async fn nothing_typed_gives_up() {
        for (answers, username) in [(&[""][..], None), (&["jo", ""], None), (&[""], Some("jo".to_owned()))] {
            match ask_credentials(&mut Scripted::new(answers), "db", username).await {
                Err(Interrupt::Failed(failure)) => assert_eq!(failure.exit, Exit::Denied),
                other => panic!("{other:?}"),
            }
        }
    }
}
