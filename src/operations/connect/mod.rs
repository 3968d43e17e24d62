//! How a command comes to a server that it may ask.

pub mod connector;

use chrono::Utc;

use crate::client::session_file::{SessionFile, SessionFileError};
use crate::client::{ApiError, Client, ConnectionSettings, Target};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::domain::{Profile, Untrusted};
use crate::operations::failure::Failure;
use crate::operations::prompter::Prompter;
use crate::operations::sign_in::{SignedIn, sign_in};
use crate::server::embedded;
use crate::server::embedded::Embedded;

/// A server that can be asked. To be closed, or the embedded server would not write down what it knows.
pub struct Connection {
    /// Who asks it.
    pub client: Client,
    /// What is known of it.
    pub profile: Profile,
    /// Whose session it is, where one signs in.
    pub username: Option<Untrusted>,
    guard: HeldSession,
}

/// What ends with the command.
enum HeldSession {
    /// Nothing: the session is remembered.
    Nothing,
    /// The embedded server.
    Server(Box<Embedded>),
    /// A session that was made for this command.
    Session,
}

/// Why no server can be asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server cannot be reached, or says no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The remembered session cannot be used.
    #[error(transparent)]
    SessionFile(#[from] SessionFileError),
    /// No session is remembered, and nobody can be asked. Holds the profile's name or the address, and the command.
    #[error("not signed in to {0}: sign in first with {1}")]
    NotSignedIn(String, String),
}

/// Where the way to a server ends without a question.
enum Reached {
    Connected(Connection),
    /// Someone has to sign in first.
    SignInNeeded(ConnectionSettings, Profile),
}

/// Connects to the server of a profile: starts the embedded one, takes the remembered session, or asks for name and
/// password where that is possible.
pub(crate) async fn server(prompter: &mut impl Prompter, config: &Config, name: &str) -> Result<Connection, Failure> {
    match reach(config, name).await? {
        Reached::Connected(connection) => Ok(connection),
        Reached::SignInNeeded(..) if !prompter.is_interactive() => Err(not_signed_in(config, name).into()),
        Reached::SignInNeeded(connection, profile) => {
            let SignedIn { client, session, .. } = sign_in(prompter, &connection, &profile, None, None).await?;
            Ok(Connection { client, profile, username: Some(session.username), guard: HeldSession::Session })
        }
    }
}

/// Connects to the server of a profile without a question.
pub async fn without_question(config: &Config, name: &str) -> Result<Connection, ConnectError> {
    match reach(config, name).await? {
        Reached::Connected(connection) => Ok(connection),
        Reached::SignInNeeded(..) => Err(not_signed_in(config, name)),
    }
}

async fn reach(config: &Config, name: &str) -> Result<Reached, ConnectError> {
    let profile = config.profile(name)?;
    let connection = match config.connection(name)? {
        ServerLocation::Embedded(data) => {
            let server = embedded::start(&data).await.map_err(|error| ApiError::NotStarted(error.to_string()))?;
            let client = Client::unix(&server.socket, &server.session)?;
            let guard = HeldSession::Server(Box::new(server));
            return Ok(Reached::Connected(Connection { client, profile, username: None, guard }));
        }
        ServerLocation::Remote(connection) => connection,
    };
    if connection.target.is_passportal() {
        return Err(ApiError::Passportal.into());
    }
    let file = SessionFile::of(config.state_folder(), name, &connection.target);
    let Some(session) = file.load(profile.username.as_deref(), Utc::now())? else {
        return Ok(Reached::SignInNeeded(connection, profile));
    };
    let client = Client::connect(&connection, Some(&session.token))?;
    let (username, guard) = (Some(session.username), HeldSession::Nothing);
    Ok(Reached::Connected(Connection { client, profile, username, guard }))
}

/// Where the server of the chosen profile listens.
pub fn target(config: &Config) -> Result<Target, ConfigError> {
    Ok(match config.connection(config.chosen())? {
        ServerLocation::Embedded(data) => Target::Socket(data.join("api.sock")),
        ServerLocation::Remote(connection) => connection.target,
    })
}

/// Comes to the server of a profile for calls that need no session; nobody is asked to sign in.
pub async fn without_session(config: &Config, name: &str) -> Result<Connection, ConnectError> {
    match config.connection(name)? {
        ServerLocation::Embedded(_) => without_question(config, name).await,
        ServerLocation::Remote(connection) => {
            let client = Client::connect(&connection, None)?;
            Ok(Connection { client, profile: config.profile(name)?, username: None, guard: HeldSession::Nothing })
        }
    }
}

impl Connection {
    /// Ends what was begun for this command: the embedded server, or a session that nobody remembers.
    pub async fn close(mut self) {
        self.end().await;
    }

    /// The same, for one that is still held elsewhere. Nothing can be asked after it.
    pub async fn end(&mut self) {
        match std::mem::replace(&mut self.guard, HeldSession::Nothing) {
            HeldSession::Nothing => {}
            HeldSession::Server(server) => server.stop().await,
            HeldSession::Session => self.client.sign_out_on_exit().await,
        }
    }
}

fn not_signed_in(config: &Config, name: &str) -> ConnectError {
    let to = config.url_of_ad_hoc(name).unwrap_or(name);
    ConnectError::NotSignedIn(to.to_owned(), config.command(name, "login --remember"))
}
