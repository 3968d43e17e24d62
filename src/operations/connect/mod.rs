//! How a command comes to a server that it may ask.

pub mod connector;

use chrono::Utc;
use secrecy::SecretString;

use crate::client::session_file::{SessionFile, SessionFileError};
use crate::client::{AdminSession, ApiError, Client, ConnectionSettings, Target};
use crate::config::{Config, ConfigError, ServerLocation};
use crate::domain::{Profile, Untrusted};
use crate::platform::prompt;
use crate::platform::secret_input::{SecretInputError, SecretSource, read_secret};
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
    /// The question for name or password was not answered.
    #[error(transparent)]
    Asked(#[from] SecretInputError),
}

/// Comes to the server of a profile: starts the embedded one, or takes the remembered session, or asks for name and
/// password if `interactive`.
pub async fn server(config: &Config, name: &str, interactive: bool) -> Result<Connection, ConnectError> {
    let profile = config.profile(name)?;
    let connection = match config.connection(name)? {
        ServerLocation::Embedded(data) => {
            let server = embedded::start(&data).await.map_err(|error| ApiError::NotStarted(error.to_string()))?;
            let client = Client::unix(&server.socket, &server.session)?;
            return Ok(Connection { client, profile, username: None, guard: HeldSession::Server(Box::new(server)) });
        }
        ServerLocation::Remote(connection) => connection,
    };
    offers_keys(&connection)?;
    let file = SessionFile::of(config.state_folder(), name, &connection.target);
    if let Some(session) = file.load(profile.username.as_deref(), Utc::now())? {
        let client = Client::connect(&connection, Some(&session.token))?;
        return Ok(Connection { client, profile, username: Some(session.username), guard: HeldSession::Nothing });
    }
    if !interactive {
        return Err(not_signed_in(config, name));
    }
    let signed_in = ask_and_sign_in(&connection, &profile, None, None).await?;
    Ok(Connection {
        client: signed_in.client,
        profile,
        username: Some(signed_in.session.username),
        guard: HeldSession::Session,
    })
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
        ServerLocation::Embedded(_) => server(config, name, false).await,
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
            // If it cannot be ended it ends by itself; the command's own result is what counts.
            HeldSession::Session => drop(self.client.sign_out().await),
        }
    }
}

/// A session that has just begun.
pub(crate) struct SignedIn {
    pub(crate) client: Client,
    pub(crate) session: AdminSession,
    /// The name as it was typed.
    pub(crate) name: String,
}

/// Signs in with a name and a password, and asks for what is not given.
pub(crate) async fn ask_and_sign_in(
    connection: &ConnectionSettings,
    profile: &Profile,
    username: Option<String>,
    password: Option<SecretSource>,
) -> Result<SignedIn, ConnectError> {
    offers_keys(connection)?;
    // Before anybody types a password: a wrong file of certificates needs none.
    let client = Client::connect(connection, None)?;
    let username = match username.or_else(|| profile.username.clone()) {
        Some(username) => username,
        None => ask_name(profile).await?,
    };
    let source = password.unwrap_or_else(|| {
        let name = Untrusted::new(&username).to_display(60);
        SecretSource::Prompt(format!("Password of {name} at {}: ", profile.server))
    });
    let password: SecretString = blocking(move || read_secret(&source)).await?;
    let session = client.sign_in(&username, &password).await?;
    Ok(SignedIn { client: client.with_session(&session.token)?, session, name: username })
}

/// Refuses a server that is known to have no keys, before anybody types a password.
fn offers_keys(connection: &ConnectionSettings) -> Result<(), ApiError> {
    if connection.target.is_passportal() { Err(ApiError::Passportal) } else { Ok(()) }
}

async fn ask_name(profile: &Profile) -> Result<String, ConnectError> {
    let question = format!("User name at {}: ", profile.server);
    let answer = blocking(move || prompt::line(&question).map_err(SecretInputError::Prompt)).await?;
    match answer.trim() {
        "" => Err(SecretInputError::Empty("the user name".to_owned()).into()),
        name => Ok(name.to_owned()),
    }
}

/// Waits for a person where waiting holds up nobody.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, SecretInputError> + Send + 'static,
) -> Result<T, SecretInputError> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|error| Err(SecretInputError::Prompt(std::io::Error::other(error))))
}

fn not_signed_in(config: &Config, name: &str) -> ConnectError {
    let to = config.url_of_ad_hoc(name).unwrap_or(name);
    ConnectError::NotSignedIn(to.to_owned(), config.command(name, "login --remember"))
}
