//! From a profile to a server that can be asked.

use chrono::Utc;

use super::failure::{Exit, Failure};
use super::prompter::Prompter;
use super::sign_in::sign_in;
use crate::client::session_file::SessionFile;
use crate::client::{ApiError, Client, Connection, Server, Target};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::server::embedded::EmbeddedServers;

/// Connects to the server of a profile: starts the embedded one, or takes the remembered session of another, if there is
/// one. A remote server is not asked anything yet.
pub(crate) async fn open(config: &Config, name: &str, embedded: &EmbeddedServers) -> Result<Connection, Failure> {
    let ServerLocation::Remote(settings) = config.connection(name)? else {
        return without_session(config, name, embedded).await;
    };
    let profile = config.profile(name)?;
    let file = SessionFile::of(config.state_folder(), name, &settings.target);
    // Certificates and the remembered session are read from files.
    let opened = tokio::task::spawn_blocking(move || {
        let session = file.load(profile.username.as_deref(), Utc::now())?;
        Ok(Connection::remote(profile, &settings, session.as_ref())?)
    });
    opened.await.unwrap_or_else(|error| Err(Failure::new(Exit::Mistake, error.to_string())))
}

/// Connects to the server of a profile for calls that need no session.
pub(crate) async fn without_session(
    config: &Config,
    name: &str,
    embedded: &EmbeddedServers,
) -> Result<Connection, Failure> {
    let profile = config.profile(name)?;
    match config.connection(name)? {
        ServerLocation::Embedded(data) => {
            let started = embedded.start(&data).await;
            let (socket, session) = started.map_err(|error| ApiError::NotStarted(error.to_string()))?;
            let client = Client::unix(&socket, &session)?;
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
) -> Result<Connection, Failure> {
    let mut connection = open(config, name, embedded).await?;
    if connection.needs_sign_in()? {
        if !prompter.is_interactive() {
            let (to, login) = (config.url_of_ad_hoc(name).unwrap_or(name), config.command(name, "login --remember"));
            return Err(Failure::new(Exit::Denied, format!("not signed in to {to}: sign in first with {login}")));
        }
        sign_in(prompter, &mut connection, None, None).await?;
    }
    Ok(connection)
}

/// Where the server of the chosen profile listens.
pub(crate) fn target(config: &Config) -> Result<Target, ConfigError> {
    Ok(match config.connection(config.chosen())? {
        ServerLocation::Embedded(data) => Target::Socket(data.join("api.sock")),
        ServerLocation::Remote(settings) => settings.target,
    })
}
