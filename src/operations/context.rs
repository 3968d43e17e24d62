//! From the settings to a server that can be asked.

use std::path::Path;

use super::connect;
use super::connect::{ConnectError, Connection};
use super::failure::{Exit, Failure};
use super::format::Format;
use super::notices::tell_notices;
use super::permissions::ReadOnly;
use super::sign_in::LoginError;
use crate::config::{AppDirs, Config, ConfigError, Overrides};
use crate::platform::prompt;

/// How the program was started.
pub struct Context {
    /// The form of results.
    pub format: Format,
    /// What the command line wishes.
    pub overrides: Overrides,
    /// Where things are.
    pub dirs: AppDirs,
}

impl Context {
    /// The data folder of a server of this machine.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.overrides.data.as_deref().unwrap_or(&self.dirs.data)
    }

    /// Refuses options of the command line that mean nothing to what works on a data folder.
    pub fn only_data(&self, what: &str) -> Result<(), Failure> {
        let Overrides { profile, url, .. } = &self.overrides;
        if profile.is_none() && url.is_none() {
            return Ok(());
        }
        Err(Failure::usage(format!("{what} works on a data folder: --profile and --url mean nothing to it."))
            .next("Give the folder with --data."))
    }

    /// Reads the settings, and says what was made of them.
    pub fn config(&self) -> Result<Config, Failure> {
        let config = Config::load(&self.overrides, &self.dirs)?;
        if self.format != Format::Json {
            tell_notices(&config); // a sentence is no JSON
        }
        Ok(config)
    }
}

/// Comes to the server of the chosen profile, signed in.
pub async fn connect(settings: &Context) -> Result<Connection, Failure> {
    let config = settings.config()?;
    Ok(connect::server(&config, config.chosen(), prompt::is_possible()).await?)
}

/// Comes to the server of the chosen profile for a call that needs no session, so that nobody is asked to sign in.
pub async fn connect_as_anyone(settings: &Context) -> Result<Connection, Failure> {
    let config = settings.config()?;
    Ok(connect::without_session(&config, config.chosen()).await?)
}

/// The same, to change something: refused without a call where nothing may be changed.
pub async fn connect_to_change(settings: &Context) -> Result<Connection, Failure> {
    let config = settings.config()?;
    let name = config.chosen();
    if config.profile(name)?.read_only {
        return Err(ReadOnly::Profile.into());
    }
    Ok(connect::server(&config, name, prompt::is_possible()).await?)
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Config(error) => error.into(),
            ConnectError::Api(error) => error.into(),
            ConnectError::Asked(error) => error.into(),
            ConnectError::SessionFile(_) | ConnectError::NotSignedIn(..) => Self::new(Exit::Denied, error.to_string()),
        }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Reach(error) => error.into(),
            LoginError::Embedded(_) => Self::usage(error.to_string()),
            LoginError::NotTold(..) => Self::new(Exit::Unreachable, error.to_string()),
        }
    }
}
