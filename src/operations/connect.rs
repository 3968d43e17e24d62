//! From a profile to a server that can be asked.

use std::path::PathBuf;

use chrono::Utc;

use super::failure::{Exit, Failure};
use crate::client::session_file::SessionFile;
use crate::client::{ApiError, Client, Connection, Server, Target};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::domain::{Profile, sentence};
use crate::operations::account::sign_in::sign_in;
use crate::operations::prompts::prompter::Prompter;
use crate::server::embedded::{EmbeddedAccess, EmbeddedServers, EmbeddedSetup, StartError, socket_in};
use crate::server::{DataError, DataFolder, KEEP_EVENTS, StoreAccess, StoreError};

/// Connects to the server of a profile: starts the embedded one, or takes the remembered session of another, if there is
/// one. A remote server is not asked anything yet.
pub(crate) async fn open(
    config: &Config,
    name: &str,
    embedded: &EmbeddedServers,
    may: StoreAccess,
) -> Result<Connection, Failure> {
    let ServerLocation::Remote(mut settings) = config.connection(name)? else {
        return without_session(config, name, embedded, may).await;
    };
    let profile = config.profile(name)?;
    let state = config.state_folder();
    settings.devices = state.as_ref().ok().map(|state| state.join("devices"));
    let file = state.map(|state| SessionFile::of(state, name, &settings.target));
    // Certificates and the remembered session are read from files.
    let opened = tokio::task::spawn_blocking(move || {
        let session = match file {
            Ok(file) => file.load(profile.username.as_deref(), Utc::now())?,
            Err(_) => None, // without a folder there is none
        };
        Ok(Connection::remote(profile, &settings, session.as_ref())?)
    });
    opened.await.unwrap_or_else(|error| Err(Failure::new(Exit::Mistake, error.to_string())))
}

/// Connects to the server of a profile for calls that need no session.
pub(crate) async fn without_session(
    config: &Config,
    name: &str,
    embedded: &EmbeddedServers,
    may: StoreAccess,
) -> Result<Connection, Failure> {
    let profile = config.profile(name)?;
    match config.connection(name)? {
        ServerLocation::Embedded(data) => {
            let may = if profile.read_only { StoreAccess::Read } else { may };
            let keep_events = config.keep_events().unwrap_or(KEEP_EVENTS);
            let setup = EmbeddedSetup {
                may,
                master_key: config.master_key(name)?,
                keep_events,
                key_format: config.key_format(name)?,
                lifetimes: config.lifetimes(name)?,
            };
            let EmbeddedAccess { socket, session, username } = embedded.start(&data, setup).await?;
            let client = Client::unix(&socket, &session)?;
            let profile = Profile { username: Some(username), ..profile };
            Ok(Connection::new(client, Server { profile, target: Target::Socket(socket), who: None }))
        }
        ServerLocation::Remote(settings) => Ok(Connection::remote(profile, &settings, None)?),
    }
}

/// Connects to the server of a profile, and signs in if that is needed and a user can be asked.
pub(crate) async fn signed_in(
    prompter: &mut impl Prompter,
    config: &Config,
    name: &str,
    embedded: &EmbeddedServers,
    may: StoreAccess,
) -> Result<Connection, Failure> {
    let mut connection = prompter.wait(open(config, name, embedded, may)).await??;
    if connection.needs_sign_in()? {
        if !prompter.is_interactive() {
            let (to, login) = (config.url_of_ad_hoc(name).unwrap_or(name), config.command(name, "login --remember"));
            return Err(Failure::new(Exit::Denied, format!("not signed in to {to}: sign in first with {login}")));
        }
        sign_in(prompter, &mut connection, None, None).await?;
    }
    Ok(connection)
}

/// The folder that `--data` names, if it has no store and one would be made there.
pub(crate) fn new_store(config: &Config) -> Result<Option<PathBuf>, ConfigError> {
    let is_new = |folder: &PathBuf| {
        !config.profile(config.chosen()).is_ok_and(|profile| profile.read_only) && !DataFolder::exists(folder)
    };
    match config.connection(config.chosen())? {
        ServerLocation::Embedded(folder) => Ok(Some(folder).filter(|folder| config.has_named_data() && is_new(folder))),
        ServerLocation::Remote(_) => Ok(None),
    }
}

/// Where the server of the chosen profile listens.
pub(crate) fn target(config: &Config) -> Result<Target, Failure> {
    Ok(match config.connection(config.chosen())? {
        ServerLocation::Embedded(data) => Target::Socket(socket_in(&data).ok_or_else(|| {
            Failure::usage(format!("The path of {} is too long for a socket that curl can connect to.", data.display()))
                .next("Use a data folder with a shorter path.")
        })?),
        ServerLocation::Remote(settings) => settings.target,
    })
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

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Data(DataError::NoStore(_)) => {
                Self::new(Exit::NotFound, sentence(&error.to_string())).next(NO_STORE)
            }
            StartError::Data(error @ DataError::OtherUser { .. }) => error.into(),
            error => ApiError::NotStarted(error.to_string()).into(),
        }
    }
}

const NO_STORE: &str = "Create the first key with: latchkey keys create. If there should be keys, check --data.";
