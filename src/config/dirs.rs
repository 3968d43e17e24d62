//! The folders of this user.

use std::env;
use std::path::{Path, PathBuf};

use crate::platform::process::home::{expand_home, home_dir};

/// A folder of this user, or why there is none. Only what uses it needs it.
pub type Folder = Result<PathBuf, NoFolder>;

/// This user's folders, and what the environment says.
#[derive(Clone, Debug)]
pub struct AppDirs {
    /// Where the settings are.
    pub config: Folder,
    /// Where the embedded server keeps its data.
    pub data: Folder,
    /// Where the program keeps sessions and unfinished creations.
    pub state: Folder,
    /// What `~` means.
    pub home: Folder,
    /// The profile that `LATCHKEY_PROFILE` names.
    pub profile: Option<String>,
}

/// There is no home directory, and the variable that could take its place isn't set either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no place for {what}: {}; set HOME or {instead}", self.why())]
pub struct NoFolder {
    what: &'static str,
    /// What can be set in place of `HOME`.
    instead: &'static str,
    /// Whether `HOME` is a relative path, which would mean another folder in each working folder.
    is_relative: bool,
}

impl NoFolder {
    fn new(what: &'static str, instead: &'static str) -> Self {
        let is_relative = env::var_os("HOME").is_some_and(|home| !home.is_empty());
        Self { what, instead, is_relative }
    }

    /// Whether `HOME` is wrong, rather than missing.
    pub(crate) const fn is_wrong(&self) -> bool {
        self.is_relative
    }

    const fn why(&self) -> &'static str {
        if self.is_relative { "HOME is not an absolute path" } else { "this user has no home directory" }
    }
}

impl AppDirs {
    /// The folders of the XDG base directory specification. Without any place for the state it is kept in the data
    /// folder, which `data` names if the user did.
    pub fn of_this_user(data: Option<&Path>) -> Self {
        let home = home_dir().ok_or_else(|| NoFolder::new("~", "write the whole path"));
        let folder = |variable: &str, below: &str, missing: NoFolder| {
            let base = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
            let base = base.or_else(|| Some(home.as_ref().ok()?.join(below)));
            base.map(|base| base.join("latchkey")).ok_or(missing)
        };
        let missing = NoFolder::new("the embedded server's data", "XDG_DATA_HOME, or name a folder with --data");
        let own_data = folder("XDG_DATA_HOME", ".local/share", missing);
        let missing = NoFolder::new("sessions and unfinished work", "XDG_STATE_HOME");
        let state = folder("XDG_STATE_HOME", ".local/state", missing).or_else(|missing| {
            let data = data.or_else(|| own_data.as_deref().ok()).filter(|_| !missing.is_wrong());
            data.map(|data| data.join("state")).ok_or(missing)
        });
        Self {
            config: folder("XDG_CONFIG_HOME", ".config", NoFolder::new("the settings", "XDG_CONFIG_HOME")),
            data: own_data,
            state,
            home,
            // A name that is not UTF-8 is no profile's, and must be refused rather than passed over.
            profile: env::var_os("LATCHKEY_PROFILE")
                .filter(|name| !name.is_empty())
                .map(|name| name.to_string_lossy().into_owned()),
        }
    }

    /// The path of a setting in `file`: `~/` is the home directory; a relative path starts at the file's folder.
    pub(crate) fn expand(&self, file: &Path, text: &str) -> Folder {
        let path = if text.starts_with('~') {
            expand_home(text, self.home.as_ref().map_err(Clone::clone)?)
        } else {
            text.into()
        };
        Ok(file.parent().unwrap_or_else(|| Path::new("")).join(path))
    }
}
