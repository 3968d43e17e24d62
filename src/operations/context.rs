//! From the settings to a server that can be asked.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::runtime::Runtime;

use super::failure::{Exit, Failure};
use super::format::Format;
use crate::config::{AppDirs, Config, ConfigError, Overrides};
use crate::operations::prompts::prompter::warn;
use crate::platform::process::signals::survive_file_size_limit;
use crate::server::embedded::EmbeddedServers;

/// Runs the tasks of the program, on this thread.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    check_descriptors()?;
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_keep_alive(Duration::from_secs(60 * 60)) // an idle thread that ends is a wake-up too
        .build()
        .and_then(|runtime| {
            let entered = runtime.enter();
            survive_file_size_limit()?;
            drop(entered);
            Ok(runtime)
        });
    built.map_err(|error| Failure::new(Exit::Mistake, format!("The program cannot start: {error}.")))
}

/// Refuses to start where there are too few file descriptors: a signal handler or a store that lacks one ends the program
/// halfway.
pub(crate) fn check_descriptors() -> Result<(), Failure> {
    if getrlimit(Resource::Nofile).current.is_none_or(|limit| limit >= AMPLE_DESCRIPTORS) {
        return Ok(());
    }
    let opened = (0..FEWEST_DESCRIPTORS).map(|_| File::open("/dev/null")).collect::<Result<Vec<_>, _>>();
    opened.map(drop).map_err(|error| {
        Failure::new(Exit::Mistake, format!("The program can't open files: {error}."))
            .next("Raise the limit of open files (ulimit -n).")
    })
}

/// The sockets, the database and its connections of one embedded server, and a call to it.
const FEWEST_DESCRIPTORS: usize = 24;

/// With a limit like this there are enough, and nothing is tried.
const AMPLE_DESCRIPTORS: u64 = 256;

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
    pub fn data(&self) -> Result<&Path, ConfigError> {
        match &self.overrides.data {
            Some(data) => Ok(data),
            None => Ok(self.dirs.data.as_deref().map_err(Clone::clone)?),
        }
    }

    /// Refuses options of the command line that mean nothing to what works on a data folder.
    pub fn only_data(&self, what: &str) -> Result<(), Failure> {
        let Overrides { profile, url, .. } = &self.overrides;
        if profile.is_none() && url.is_none() {
            return Ok(());
        }
        Err(Failure::usage(format!("{what} works on a data folder; --profile and --url don't apply."))
            .next("Give the folder with --data."))
    }

    /// Reads the settings, and says what was made of them.
    pub fn config(&self) -> Result<Config, Failure> {
        let config = Config::load(&self.overrides, &self.dirs)?;
        if self.format != Format::Json {
            config.notices().into_iter().for_each(warn); // a sentence is no JSON
        }
        Ok(config)
    }
}
