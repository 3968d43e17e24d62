//! All settings, checked, and the profile to work with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;

use super::dirs::{AppDirs, Folder, NoFolder};
use super::entry::{Entry, LOCAL, ServerLocation, in_words};
use super::error::ConfigError;
use super::overrides::Overrides;
use super::serve::ServeSetting;
use super::settings_file::SettingsFile;
use super::{file, suggestion, zone};
use crate::client::{ConnectionSettings, Forward, Target};
use crate::domain::key::fields::Columns;
use crate::domain::{AmbiguousWidth, BaseUrl, ClipboardChoice, Dates, KeyFormat, Lifetimes, Profile, Theme, View};

/// How long a desktop's clipboard holds a credential by default: as password managers do (pass: 45 s).
const CLIPBOARD_FOR: Duration = Duration::from_secs(45);

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that they are from.
    file: SettingsFile,
    entries: Vec<Entry>,
    chosen: String,
    /// Name and URL of the profile that `--url` made.
    ad_hoc: Option<(String, String)>,
    clipboard: ClipboardChoice,
    clipboard_for: Duration,
    keep_events: Option<TimeDelta>,
    ambiguous_width: AmbiguousWidth,
    columns: Columns,
    theme: Theme,
    dates: Dates,
    mouse: bool,
    views: Vec<View>,
    state: Folder,
    overrides: Overrides,
    /// What is wrong with the time zone of the environment.
    zone_notice: Option<String>,
}

impl Config {
    /// Reads and checks the settings, and chooses the profile: by the first that is given of `--profile`, `--url`,
    /// `--data`, `LATCHKEY_PROFILE` and `default_profile`, else [`LOCAL`].
    pub fn load(overrides: &Overrides, dirs: &AppDirs) -> Result<Self, ConfigError> {
        let (path, settings) = read(overrides, dirs)?;
        let file::ConfigFile {
            mut entries,
            default_profile,
            clipboard,
            clipboard_seconds,
            keep_events,
            ambiguous_width,
            columns,
            theme,
            dates,
            mouse,
            views,
            serve: _,
        } = settings;
        if !entries.iter().any(|entry| entry.profile.name == LOCAL) {
            entries.insert(0, Entry::local(dirs.data.clone()));
        }
        let ad_hoc = overrides.url.as_deref().map(|url| add_ad_hoc(&mut entries, url)).transpose()?;
        let default = default_profile.as_ref().map(|(name, spot)| (name.clone(), spot.to_string()));
        let chosen = (overrides.profile.clone().map(|name| (name, "--profile".to_owned())))
            .or_else(|| ad_hoc.as_ref().map(|(name, _)| (name.clone(), "--url".to_owned())))
            .or_else(|| overrides.data.as_ref().map(|_| (LOCAL.to_owned(), "--data".to_owned())))
            .or_else(|| dirs.profile.clone().map(|name| (name, "LATCHKEY_PROFILE".to_owned())))
            .or(default)
            .unwrap_or_else(|| (LOCAL.to_owned(), "the built-in profile".to_owned()));
        for entry in &mut entries {
            entry.profile.read_only |= overrides.read_only;
        }
        let mut config = Self {
            file: SettingsFile::new(Some(path.clone()).filter(|path| !path.as_os_str().is_empty())),
            entries,
            chosen: chosen.0,
            ad_hoc,
            clipboard: overrides.clipboard.unwrap_or(clipboard),
            clipboard_for: clipboard_seconds.map_or(CLIPBOARD_FOR, Duration::from_secs),
            keep_events: keep_events.map(TimeDelta::days),
            ambiguous_width,
            columns,
            theme,
            dates,
            mouse,
            views,
            state: dirs.state.clone(),
            overrides: overrides.clone(),
            zone_notice: zone::notice(std::env::var_os("TZ").as_deref()),
        };
        if config.entry(&config.chosen).is_none() {
            return Err(config.unknown(&config.chosen, &chosen.1, &path));
        }
        if let Some(folder) = &overrides.data {
            config.apply_data(folder)?;
        }
        if let Some(forward) = &overrides.connect_to {
            config.apply_forward(forward)?;
        }
        if let Some(file) = &overrides.ca_file {
            config.apply_authorities(file)?;
        }
        Ok(config)
    }

    /// The settings of `latchkey serve`, whichever profile there is.
    pub fn of_serve(overrides: &Overrides, dirs: &AppDirs) -> Result<Vec<ServeSetting>, ConfigError> {
        Ok(read(overrides, dirs)?.1.serve)
    }

    /// The name of the profile to work with.
    pub fn chosen(&self) -> &str {
        &self.chosen
    }

    /// Switches to another profile.
    pub fn choose(&mut self, name: &str) -> Result<(), ConfigError> {
        self.chosen = self.find(name)?.profile.name.clone();
        Ok(())
    }

    /// All profiles, in the order of the file. The built-in one comes first unless the file has it.
    pub fn profiles(&self) -> Vec<Profile> {
        self.entries.iter().map(|entry| entry.profile.clone()).collect()
    }

    pub fn profile(&self, name: &str) -> Result<Profile, ConfigError> {
        Ok(self.find(name)?.profile.clone())
    }

    /// How the server of a profile is reached.
    pub fn connection(&self, name: &str) -> Result<ServerLocation, ConfigError> {
        Ok(self.find(name)?.location.clone()?)
    }

    /// The form of the IDs and secrets that the embedded server of a profile gives out.
    pub fn key_format(&self, name: &str) -> Result<KeyFormat, ConfigError> {
        Ok(self.find(name)?.key_format)
    }

    /// What the embedded server of a profile allows as the expiry of keys.
    pub fn lifetimes(&self, name: &str) -> Result<Lifetimes, ConfigError> {
        Ok(self.find(name)?.lifetimes)
    }

    /// The file with the master key of a profile's embedded server, if it is not in its data folder.
    pub fn master_key(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.overrides.master_key.clone().or_else(|| self.find(name).ok()?.master_key.clone()))
    }

    /// The URL of the profile `name`, if it was made by `--url`.
    pub fn url_of_ad_hoc(&self, name: &str) -> Option<&str> {
        let (ad_hoc, url) = self.ad_hoc.as_ref()?;
        (ad_hoc == name).then_some(url)
    }

    /// Sentences about settings of the chosen profile that were adjusted, and about the time zone.
    pub fn notices(&self) -> Vec<&str> {
        let profile = self.entry(&self.chosen).and_then(|entry| entry.notice.as_deref());
        profile.into_iter().chain(self.zone_notice.as_deref()).collect()
    }

    /// [`Self::notices`] of every profile.
    pub fn all_notices(&self) -> Vec<&str> {
        let profiles = self.entries.iter().filter_map(|entry| entry.notice.as_deref());
        profiles.chain(self.zone_notice.as_deref()).collect()
    }

    /// Whether `--data` names the folder of the embedded server.
    pub const fn has_named_data(&self) -> bool {
        self.overrides.data.is_some()
    }

    /// Clipboard to copy to.
    pub const fn clipboard(&self) -> ClipboardChoice {
        self.clipboard
    }

    /// How long a desktop's clipboard holds a credential.
    pub const fn clipboard_for(&self) -> Duration {
        self.clipboard_for
    }

    /// How long the embedded server is to keep uses and refusals of keys, if the settings say so.
    pub const fn keep_events(&self) -> Option<TimeDelta> {
        self.keep_events
    }

    /// How wide the terminal draws characters of ambiguous width.
    pub const fn ambiguous_width(&self) -> AmbiguousWidth {
        self.ambiguous_width
    }

    /// The columns of the page's list.
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The colours of the page.
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// How the page tells times.
    pub const fn dates(&self) -> Dates {
        self.dates
    }

    /// Whether the page takes the mouse.
    pub const fn mouse(&self) -> bool {
        self.mouse
    }

    /// The user's own views.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The file that changed settings are written to.
    pub const fn file(&self) -> &SettingsFile {
        &self.file
    }

    /// The folder for sessions and unfinished creations.
    pub fn state_folder(&self) -> Result<&Path, NoFolder> {
        self.state.as_deref().map_err(Clone::clone)
    }

    /// A command with these words and the options that select this profile.
    pub fn command(&self, profile: &str, words: &str) -> String {
        let url = self.url_of_ad_hoc(profile).map(str::to_owned);
        let name = url.is_none().then(|| profile.to_owned());
        Overrides { profile: name, url, ..self.overrides.clone() }.command(words)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.profile.name == name)
    }

    fn find(&self, name: &str) -> Result<&Entry, ConfigError> {
        self.entry(name).ok_or_else(|| self.unknown(name, "requested", Path::new("config.toml")))
    }

    fn unknown(&self, name: &str, by: &str, file: &Path) -> ConfigError {
        let names: Vec<_> = self.entries.iter().map(|entry| entry.profile.name.as_str()).collect();
        let near = suggestion::nearest(name, &names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        ConfigError::UnknownProfile {
            by: by.to_owned(),
            name: name.to_owned(),
            known: names.join(", "),
            near,
            file: file.to_owned(),
        }
    }

    /// Takes `--data`, which is for the embedded server only.
    fn apply_data(&mut self, folder: &Path) -> Result<(), ConfigError> {
        let chosen = self.entries.iter_mut().find(|entry| entry.profile.name == self.chosen);
        match chosen.map(|entry| (&mut entry.location, &mut entry.profile.folder)) {
            Some((location @ (Ok(ServerLocation::Embedded(_)) | Err(_)), words)) => {
                *location = Ok(ServerLocation::Embedded(folder.to_owned()));
                *words = Some(in_words(folder));
            }
            _ => return Err(ConfigError::DataElsewhere(self.chosen.clone())),
        }
        Ok(())
    }

    /// Takes `--connect-to`, which must name the server of the chosen profile: else it would be ignored silently.
    fn apply_forward(&mut self, forward: &Forward) -> Result<(), ConfigError> {
        let chosen = self.entries.iter_mut().find(|entry| entry.profile.name == self.chosen);
        match chosen.map(|entry| (&entry.profile.server, &mut entry.location)) {
            Some((_, Ok(ServerLocation::Remote(connection)))) if matches!(&connection.target, Target::Url(base) if forward.is_for(base)) =>
            {
                connection.connect_to = Some(forward.to);
                Ok(())
            }
            other => Err(ConfigError::ForwardElsewhere {
                host: forward.host().to_owned(),
                server: other.map(|(server, _)| server.clone()).unwrap_or_default(),
            }),
        }
    }

    /// Takes `--ca-file`, which is for servers with TLS.
    fn apply_authorities(&mut self, file: &Path) -> Result<(), ConfigError> {
        let chosen = self.entries.iter_mut().find(|entry| entry.profile.name == self.chosen);
        match chosen.map(|entry| &mut entry.location) {
            Some(Ok(ServerLocation::Remote(connection))) if matches!(&connection.target, Target::Url(base) if base.is_https()) =>
            {
                connection.ca_file = Some(file.to_owned());
                connection.run_ca_file = Some(file.to_owned());
                Ok(())
            }
            _ => Err(ConfigError::AuthoritiesElsewhere(self.chosen.clone())),
        }
    }
}

/// Reads the file, if there is one, and gives its path.
fn read(overrides: &Overrides, dirs: &AppDirs) -> Result<(PathBuf, file::ConfigFile), ConfigError> {
    let path = match (&overrides.config, &dirs.config) {
        (Some(path), _) => path.clone(),
        (None, Ok(folder)) => folder.join("config.toml"),
        (None, Err(missing)) if missing.is_wrong() => return Err(missing.clone().into()),
        (None, Err(_)) => PathBuf::new(), // there is no such file
    };
    let read = file::read(&path, overrides.config.is_some())?;
    let settings = read.map(|text| file::parse(&path, &text, dirs)).transpose()?.unwrap_or_default();
    Ok((path, settings))
}

/// Adds the profile of `--url`, named by its host, in place of one of the same name. Gives its name and URL.
fn add_ad_hoc(entries: &mut Vec<Entry>, url: &str) -> Result<(String, String), ConfigError> {
    let (base, notice) = BaseUrl::parse(url).map_err(ConfigError::Url)?;
    let (name, url) = (base.host_for_screen().to_owned(), base.as_str().to_owned());
    entries.retain(|entry| entry.profile.name != name);
    entries.push(Entry { notice, ..Entry::remote(&name, ConnectionSettings::new(Target::Url(base))) });
    Ok((name, url))
}
