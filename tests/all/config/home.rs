//! A home of its own, with a file of settings in it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use latchkey::client::{ConnectionSettings, Target};
use latchkey::config::{AppDirs, Config, ConfigError, Overrides, ServerLocation};
use tempfile::TempDir;

pub struct Home {
    pub folder: TempDir,
    pub dirs: AppDirs,
}

impl Home {
    /// A home without settings.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let dirs = AppDirs {
            config: Ok(at("config")),
            data: Ok(at("data")),
            state: Ok(at("state")),
            home: Ok(at("home")),
            profile: None,
        };
        Self { folder, dirs }
    }

    /// A home with these settings.
    pub fn with(settings: &str) -> Self {
        let home = Self::empty();
        fs::create_dir(home.at("config")).unwrap();
        fs::write(home.file(), settings).unwrap();
        home.mode(0o600);
        home
    }

    /// A path in the folder that has all others.
    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn file(&self) -> PathBuf {
        self.at("config/config.toml")
    }

    pub fn mode(&self, mode: u32) {
        fs::set_permissions(self.file(), Permissions::from_mode(mode)).unwrap();
    }

    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&Overrides::default(), &self.dirs)
    }
}

/// The connection of a profile of these settings.
pub fn connection(settings: &str, name: &str) -> ConnectionSettings {
    match Home::with(settings).load().unwrap().connection(name).unwrap() {
        ServerLocation::Remote(connection) => connection,
        ServerLocation::Embedded(folder) => panic!("embedded on {}", folder.display()),
    }
}

/// The URL of a connection.
pub fn url(connection: &ConnectionSettings) -> String {
    match &connection.target {
        Target::Url(base) => base.as_str().to_owned(),
        Target::Socket(path) => panic!("a socket at {}", path.display()),
    }
}
