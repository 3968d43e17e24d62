//! The screen's way to the servers of the profiles.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Utc;

use crate::client::session_file::SessionFile;
use crate::client::{ApiError, Client, Connect, Connected, ConnectionSettings, Server, Target};
use crate::config::{Config, ServerLocation};
use crate::domain::{Identity, Profile};
use crate::server::embedded;
use crate::server::embedded::Embedded;

/// Opens the way to a profile's server: starts the embedded one, or takes the remembered session of another.
pub struct Connector {
    config: Config,
    started: Started,
}

/// The embedded servers of this run, one for each data folder. They are stopped when the screen has ended.
#[derive(Clone, Default)]
pub struct Started(Arc<Mutex<Servers>>);

/// Data folders and their servers.
type Servers = Vec<(PathBuf, Arc<Embedded>)>;

impl Connector {
    /// For the profiles of these settings.
    #[must_use]
    pub const fn new(config: Config, started: Started) -> Self {
        Self { config, started }
    }

    async fn open(&self, name: &str) -> Result<Connected, ApiError> {
        let words = |error: &dyn std::error::Error| ApiError::NotStarted(format!("{error}."));
        let profile = self.config.profile(name).map_err(|error| words(&error))?;
        match self.config.connection(name).map_err(|error| words(&error))? {
            ServerLocation::Embedded(data) => self.embedded(profile, data).await,
            ServerLocation::Remote(connection) => {
                let config = self.config.clone();
                // Certificates and the remembered session are read from files.
                let opened = tokio::task::spawn_blocking(move || remote(&config, profile, &connection));
                opened.await.unwrap_or_else(|error| Err(words(&error)))
            }
        }
    }

    async fn embedded(&self, profile: Profile, data: PathBuf) -> Result<Connected, ApiError> {
        let server = if let Some(server) = self.started.of(&data) {
            server
        } else {
            let server = embedded::start(&data).await.map_err(|error| ApiError::NotStarted(error.to_string()))?;
            self.started.keep(data, server)
        };
        let client = Client::unix(&server.socket, &server.session)?;
        let target = Target::Socket(server.socket.clone());
        Ok(Connected { client, server: Server { profile, target, who: None } })
    }
}

impl Connect for Connector {
    async fn connect(&mut self, profile: Option<String>) -> Result<Connected, ApiError> {
        let name = profile.unwrap_or_else(|| self.config.chosen().to_owned());
        self.open(&name).await
    }
}

fn remote(config: &Config, profile: Profile, connection: &ConnectionSettings) -> Result<Connected, ApiError> {
    let file = SessionFile::of(config.state_folder(), &profile.name, &connection.target);
    let session = file.load(profile.username.as_deref(), Utc::now());
    let session = session.map_err(|error| ApiError::NotStarted(format!("{error}.")))?;
    let client = Client::connect(connection, session.as_ref().map(|session| &session.token))?;
    let who = session.map(|s| Identity { username: s.username, role: s.role, expires_at: s.expires_at });
    Ok(Connected { client, server: Server { profile, target: connection.target.clone(), who } })
}

impl Started {
    fn of(&self, data: &Path) -> Option<Arc<Embedded>> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        started.iter().find(|(folder, _)| folder == data).map(|(_, server)| Arc::clone(server))
    }

    fn keep(&self, data: PathBuf, server: Embedded) -> Arc<Embedded> {
        let server = Arc::new(server);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((data, Arc::clone(&server)));
        server
    }

    /// Stops them all: what they know is written down.
    pub async fn stop(&self) {
        let started = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (_, server) in started {
            if let Some(server) = Arc::into_inner(server) {
                server.stop().await;
            }
        }
    }
}
