//! The settings file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::dirs::AppDirs;
use super::entry::Entry;
use super::error::{ConfigError, Spot};
use super::profiles;
use super::serve::{self, ServeSetting};
use super::setting::{self, PROFILE_SETTINGS, SERVE_SETTINGS, TOP_SETTINGS};
use super::source_text::SourceText;
use super::suggestion;
use crate::domain::key::fields::{Columns, FIELDS};
use crate::domain::{AmbiguousWidth, ClipboardChoice, Dates, Filter, Search, Theme, View};
use crate::platform::{regular_file, text};

/// The largest file that is read, in bytes: 1,000 profiles of 1 kB.
const MOST: u64 = 1 << 20;

/// The settings of a file.
#[derive(Default)]
pub(crate) struct ConfigFile {
    pub(crate) entries: Vec<Entry>,
    pub(crate) default_profile: Option<(String, Spot)>,
    pub(crate) clipboard: ClipboardChoice,
    pub(crate) clipboard_seconds: Option<u64>,
    /// Days.
    pub(crate) keep_events: Option<i64>,
    pub(crate) ambiguous_width: AmbiguousWidth,
    pub(crate) columns: Columns,
    pub(crate) theme: Theme,
    pub(crate) dates: Dates,
    pub(crate) mouse: bool,
    pub(crate) views: Vec<View>,
    pub(crate) serve: Vec<ServeSetting>,
}

/// The text of a file, and whether only this user can read it.
pub(crate) struct FileContent {
    text: String,
    private: bool,
}

impl FileContent {
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// Reads the file. One that others can write could send passwords elsewhere, and is refused.
pub(crate) fn read(path: &Path, must_exist: bool) -> Result<Option<FileContent>, ConfigError> {
    let wrong = |problem: String| ConfigError::File { path: path.to_owned(), problem };
    let file = match regular_file::open(OpenOptions::new().read(true), path) {
        Ok(file) => file,
        // Without its settings, work meant for a team would land on the embedded server.
        Err(error) if error.kind() == ErrorKind::NotFound && path.ancestors().any(is_broken_link) => {
            return Err(wrong("can't be read: a symbolic link is broken; fix or remove it".to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(wrong("do not exist: check --config".to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            return Err(wrong("are not in a regular file".to_owned()));
        }
        Err(error) => return Err(wrong(format!("can't be read: {error}"))),
    };
    let about = file.metadata().map_err(|error| wrong(format!("can't be read: {error}")))?;
    if about.uid() != rustix::process::geteuid().as_raw() && about.uid() != 0 {
        return Err(wrong(
            "belong to another user, who could send your password elsewhere: make a copy of your own".to_owned(),
        ));
    }
    if about.mode() & 0o022 != 0 {
        return Err(wrong(
            "can be written by others, who could send your password elsewhere: run chmod go-w".to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    let read = file.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong(format!("can't be read: {error}")))?;
    if bytes.len() as u64 > MOST {
        return Err(wrong("are larger than 1 MB: this can't be the right file".to_owned()));
    }
    let text = text::decode(&bytes).map_err(|why| wrong(format!("are {why}: save the file as UTF-8")))?.to_owned();
    Ok(Some(FileContent { text, private: about.mode() & 0o044 == 0 }))
}

/// Whether it is a symbolic link to nothing.
fn is_broken_link(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// Parses a file's text.
pub(crate) fn parse(path: &Path, read: &FileContent, dirs: &AppDirs) -> Result<ConfigFile, ConfigError> {
    let reading = SourceText { path, text: &read.text, dirs, private: read.private };
    // The error's own Display would repeat the line, and with it perhaps a password.
    let table = DeTable::parse(&read.text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        reading.error(span, &format!("not valid TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let mut settings = ConfigFile::default();
    for (name, value) in table.get_ref() {
        match name.get_ref().as_ref() {
            "default_profile" => {
                let chosen = reading.string("default_profile", value)?;
                settings.default_profile = Some((chosen.to_owned(), reading.spot(value.span())));
            }
            "clipboard" => {
                let wish = reading.string("clipboard", value)?.parse();
                settings.clipboard = wish.map_err(|problem: String| reading.error(value.span(), &problem))?;
            }
            "clipboard_seconds" => {
                settings.clipboard_seconds = Some(reading.seconds("clipboard_seconds", value)?);
            }
            "keep_events" => settings.keep_events = Some(reading.days("keep_events", value)?),
            "ambiguous_width" => {
                let width = reading.string("ambiguous_width", value)?.parse();
                settings.ambiguous_width = width.map_err(|problem: String| reading.error(value.span(), &problem))?;
            }
            "columns" => settings.columns = columns(&reading, value)?,
            "theme" => {
                let theme = reading.string("theme", value)?.parse();
                settings.theme = theme.map_err(|problem: String| reading.error(value.span(), &problem))?;
            }
            "dates" => {
                let dates = reading.string("dates", value)?.parse();
                settings.dates = dates.map_err(|problem: String| reading.error(value.span(), &problem))?;
            }
            "mouse" => settings.mouse = reading.boolean("mouse", value)?,
            "views" => {
                let DeValue::Table(table) = value.get_ref() else {
                    return Err(reading.error(value.span(), "write views below [views], each as NAME = \"QUERY\""));
                };
                settings.views = views(&reading, table)?;
            }
            "profiles" => {
                let DeValue::Table(table) = value.get_ref() else {
                    return Err(reading.error(value.span(), "write profiles as [profiles.NAME]"));
                };
                settings.entries = profiles::profiles(&reading, table)?;
            }
            "serve" => {
                let DeValue::Table(table) = value.get_ref() else {
                    return Err(reading.error(value.span(), "write the settings of latchkey serve below [serve]"));
                };
                settings.serve = serve::settings(&reading, table)?;
            }
            // A setting that belongs into a profile, at the top.
            other if PROFILE_SETTINGS.contains(&other) => {
                let problem = format!("{other} belongs to a profile: write [profiles.NAME] above it");
                return Err(reading.error(name.span(), &problem));
            }
            other if SERVE_SETTINGS.iter().any(|(name, _)| *name == other) => {
                let problem = format!("{other} is a setting of latchkey serve: write [serve] above it");
                return Err(reading.error(name.span(), &problem));
            }
            other => {
                let known = [TOP_SETTINGS.as_slice(), &["views", "profiles", "serve"]].concat();
                return Err(reading.error(name.span(), &setting::unknown(other, &known)));
            }
        }
    }
    Ok(settings)
}

/// The columns of the page's list, by the names of their fields.
fn columns(reading: &SourceText<'_>, value: &Spanned<DeValue<'_>>) -> Result<Columns, ConfigError> {
    let names = FIELDS.each_ref().map(|field| field.name);
    let DeValue::Array(all) = value.get_ref() else {
        return Err(reading.error(value.span(), "columns must be a list, such as [\"id\", \"label\", \"expires_at\"]"));
    };
    let mut chosen = Vec::new();
    for value in all {
        let name = reading.string("columns", value)?;
        let Some(index) = names.iter().position(|known| *known == name) else {
            let problem = suggestion::nearest(name, &names).map_or_else(
                || format!("there is no such column; there are: {}", names.join(", ")),
                |near| format!("there is no such column; did you mean {near}?"),
            );
            return Err(reading.error(value.span(), &problem));
        };
        if chosen.contains(&index) {
            return Err(reading.error(value.span(), &format!("{name} is in columns twice")));
        }
        chosen.push(index);
    }
    if chosen.is_empty() {
        return Err(reading.error(value.span(), "columns is empty: name one, or remove the line"));
    }
    Ok(Columns::chosen(chosen))
}

/// The user's own views, each a search under its name.
fn views(reading: &SourceText<'_>, table: &DeTable<'_>) -> Result<Vec<View>, ConfigError> {
    let mut own: Vec<View> = Vec::new();
    for (name, value) in table {
        let (span, name, search) = (name.span(), name.get_ref().trim(), reading.string("a view", value)?);
        View::check_name(name, &own).map_err(|problem| reading.error(span, &problem))?;
        Filter::check(search).map_err(|problem| reading.error(value.span(), problem))?;
        Search::parse(search).map_err(|error| reading.error(value.span(), &error.to_string()))?;
        own.push(View::own(name, search));
    }
    Ok(own)
}
