//! From the settings to a server that can be asked.

use std::path::Path;

use super::failure::Failure;
use super::format::Format;
use super::notices::tell_notices;
use crate::config::{AppDirs, Config, Overrides};
use crate::server::embedded::EmbeddedServers;

/// How the program was started.
pub struct Context {
    pub format: Format,
    /// What the command line wishes.
    pub overrides: Overrides,
    /// Where things are.
    pub dirs: AppDirs,
    /// The embedded servers that were started for it.
    pub embedded: EmbeddedServers,
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
