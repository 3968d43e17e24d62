//! The settings: which servers there are, and which one is meant.

mod dirs;
mod entry;
mod error;
mod file;
mod overrides;
mod profiles;
mod serve;
mod setting;
mod settings;
mod settings_file;
mod source_text;
mod suggestion;
mod zone;

pub use dirs::{AppDirs, Folder, NoFolder};
pub use entry::{LOCAL, ServerLocation};
pub use error::{ConfigError, Spot};
pub use overrides::Overrides;
pub use serve::ServeSetting;
pub use setting::{KEEP_EVENTS_MOST, PROFILE_SETTINGS, SERVE_SETTINGS, SettingKind, TOP_SETTINGS};
pub use settings::Config;
pub use settings_file::{NewSetting, SettingValue, SettingsFile};
