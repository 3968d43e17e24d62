//! The folders of this user.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy as _, HomeDirError};

use crate::platform::home::expand_home;

/// This user's folders, and what the environment says.
#[derive(Clone, Debug)]
pub struct AppDirs {
    /// Where the settings are.
    pub config: PathBuf,
    /// Where the embedded server keeps its data.
    pub data: PathBuf,
    /// Where the program keeps sessions and unfinished creations.
    pub state: PathBuf,
    /// What `~` stands for.
    pub home: PathBuf,
    /// The profile that `LATCHKEY_PROFILE` names.
    pub profile: Option<String>,
}

impl AppDirs {
    /// The folders of the XDG base directory specification.
    pub fn of_this_user() -> Result<Self, HomeDirError> {
        let base = etcetera::choose_base_strategy()?;
        Ok(Self {
            config: base.config_dir().join("latchkey"),
            data: base.data_dir().join("latchkey"),
            state: base.state_dir().unwrap_or_else(|| base.data_dir()).join("latchkey"),
            home: base.home_dir().to_owned(),
            profile: env::var("LATCHKEY_PROFILE").ok().filter(|name| !name.is_empty()),
        })
    }

    /// The path of a setting in `file`: `~/` is the home directory; a relative path starts at the file's folder.
    pub(crate) fn expand(&self, file: &Path, text: &str) -> PathBuf {
        file.parent().unwrap_or_else(|| Path::new("")).join(expand_home(text, &self.home))
    }
}
