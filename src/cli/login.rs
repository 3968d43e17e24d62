//! `latchkey login` and `latchkey logout`.

use std::io;
use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::args::{LoginArgs, Remember};
use crate::client::session_file::{SessionFile, SessionStorage};
use crate::client::{AdminSession, Client, ConnectionSettings};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::operations::connect;
use crate::operations::connect::{ConnectError, SignedIn};
use crate::operations::sign_in::{LoginError, place};
use crate::platform::secret_input::SecretSource;
use crate::platform::surroundings::Account;

/// Signs in; keeps the session if asked to, and ends it again if not.
pub async fn login(config: &Config, args: &LoginArgs) -> Result<(), LoginError> {
    let (connection, file) = remote(config)?;
    let profile = config.profile(config.chosen()).map_err(ConnectError::from)?;
    let password = args.password_file.as_deref().map(|file| SecretSource::of_option(Some(file), ""));
    if let (Some(name), Some(fixed), true) = (&args.username, &profile.username, args.remember.is_some())
        && name != fixed
    {
        return Err(ConnectError::from(ConfigError::AnotherName(profile.name, fixed.clone())).into());
    }
    let signed_in = connect::ask_and_sign_in(&connection, &profile, args.username.clone(), password).await?;
    let keeper = args.remember.map(|remember| match remember {
        Remember::Keyring => SessionStorage::Keyring,
        Remember::File => SessionStorage::File,
    });
    match keeper {
        Some(keeper) => {
            keep(&file, &signed_in, &profile.server, keeper).await?;
            let logout = config.command(config.chosen(), "logout");
            say(&format!("The session is kept in {}: end it with {logout}", place(&file, keeper)));
            if let Some(warning) = Account::read().warning() {
                let _ = writeln!(io::stderr(), "Careful: {warning}");
            }
            Ok(())
        }
        None => end(&signed_in, &profile.server).await,
    }
}

/// Ends the session again: it was only to see whether name and password are right.
async fn end(signed_in: &SignedIn, server: &str) -> Result<(), LoginError> {
    let ended = signed_in.client.sign_out().await;
    say(&format!("Signed in to {server} as {}. The name and the password are right.", who(&signed_in.session)));
    ended.map_err(|error| LoginError::NotTold(utc(signed_in.session.expires_at), error))?;
    say("Nothing is kept, and the session was ended again: --remember keeps it.");
    Ok(())
}

/// Remembers the session.
async fn keep(
    file: &SessionFile,
    signed_in: &SignedIn,
    server: &str,
    keeper: SessionStorage,
) -> Result<(), LoginError> {
    let SignedIn { client, session, name } = signed_in;
    let older = file.load(None, Utc::now()).ok().flatten();
    if let Err(error) = file.store(session, name, keeper) {
        let _ = client.sign_out().await; // nobody could use it
        return Err(ConnectError::from(error).into());
    }
    if let Some(older) = older {
        end_older(client, &older).await;
    }
    say(&format!("Signed in to {server} as {}, until {} at the latest.", who(session), utc(session.expires_at)));
    Ok(())
}

/// Ends the remembered session at the server, and forgets it.
pub async fn logout(config: &Config) -> Result<(), LoginError> {
    let (connection, file) = remote(config)?;
    let server = config.profile(config.chosen()).map_err(ConnectError::from)?.server;
    let found = file.load(None, Utc::now()).map_err(ConnectError::from)?;
    let Some(session) = found else {
        say(&format!("No session is remembered for {server}: there is nothing to end."));
        return Ok(());
    };
    let ended = match Client::connect(&connection, Some(&session.token)) {
        Ok(client) => client.sign_out().await,
        Err(error) => Err(error),
    };
    let place = place(&file, file.keeper().unwrap_or(SessionStorage::File));
    file.remove().map_err(ConnectError::from)?;
    ended.map_err(|error| LoginError::NotTold(utc(session.expires_at), error))?;
    say(&format!("Signed out of {server}. What was kept in {place} is removed."));
    Ok(())
}

/// The chosen profile's server, and the file of its session.
fn remote(config: &Config) -> Result<(ConnectionSettings, SessionFile), LoginError> {
    let name = config.chosen();
    match config.connection(name).map_err(ConnectError::from)? {
        ServerLocation::Embedded(_) => Err(LoginError::Embedded(name.to_owned())),
        ServerLocation::Remote(connection) => {
            let file = SessionFile::of(config.state_folder(), name, &connection.target);
            Ok((connection, file))
        }
    }
}

/// Two sessions where one is used are one too many. If it cannot be ended now, it ends by itself.
async fn end_older(client: &Client, older: &AdminSession) {
    if let Ok(client) = client.with_session(&older.token) {
        let _ = client.sign_out().await;
    }
}

fn who(session: &AdminSession) -> String {
    format!("{} ({})", session.username.to_display(60), session.role.to_display(30))
}

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn say(words: &str) {
    // A closed standard output is no reason to leave a session open.
    let _ = writeln!(io::stdout(), "{words}");
}
