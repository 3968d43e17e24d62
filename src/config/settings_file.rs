//! Writes single settings and leaves everything else in the file as its user wrote it.

use std::collections::BTreeMap;
use std::fs;
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::io::{ErrorKind, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::file;

/// The file that settings are written to; none where this user has no place for one.
#[derive(Clone, Debug, Default)]
pub struct SettingsFile(Option<PathBuf>);

/// A setting to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSetting {
    /// The section that it is in, such as `views`; none for the top of the file.
    pub section: Option<&'static str>,
    pub name: String,
    /// None to remove it.
    pub value: Option<SettingValue>,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
}

impl SettingsFile {
    pub(crate) const fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// Writes a setting in place of its old value, or after the last one of its section. The file is replaced as a
    /// whole with the permissions that it had; a new one is for this user only.
    ///
    /// Comments stay, also those above and behind a text of a list, if the list has lines of its own. What is removed
    /// takes the comments with it that are in it or behind it on its line.
    ///
    /// Fails if the file can't be read or written, is not this user's, or has the setting in a form that can't be
    /// changed without touching others.
    pub fn write(&self, setting: &NewSetting) -> Result<(), ConfigError> {
        let wrong = |path: &Path, problem: String| ConfigError::File { path: path.to_owned(), problem };
        let Some(named) = &self.0 else {
            let problem = "can't be written: this user has no home directory; use --config".to_owned();
            return Err(wrong(Path::new("config.toml"), problem));
        };
        let unwritten = |error: io::Error| wrong(named, format!("can't be written: {error}"));
        // A link to a file that is kept elsewhere stays a link.
        let (path, mode) = match fs::canonicalize(named) {
            Ok(path) => {
                let about = fs::metadata(&path).map_err(unwritten)?;
                if about.uid() != rustix::process::geteuid().as_raw() {
                    return Err(wrong(named, "belong to another user and were not changed".to_owned()));
                }
                (path, about.mode() & 0o777)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (named.clone(), 0o600),
            Err(error) => return Err(unwritten(error)),
        };
        if mode & 0o200 == 0 {
            return Err(wrong(named, "are read-only and were not changed".to_owned()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritten)?;
        // Held to the end: another page may be saving a setting at this moment.
        let alone = File::open(folder).map_err(unwritten)?;
        alone.lock().map_err(unwritten)?;
        let text = file::read(named, false)?.map(file::FileContent::into_text).unwrap_or_default();
        let Some(text) = with_setting(&text, setting) else {
            return Err(wrong(named, format!("were not changed: edit {} there yourself", setting.name)));
        };
        replace(&path, folder, &text, mode).map_err(unwritten)
    }
}

/// Puts a text in place of a file.
fn replace(path: &Path, folder: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".config.toml-").tempfile_in(folder)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|failed| failed.error)
}

/// The text with a setting in it, or without it. None if that would change anything else.
fn with_setting(text: &str, setting: &NewSetting) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let top = table.get_ref();
    let section = match setting.section {
        None => Some(top),
        Some(name) => match top.get(name).map(Spanned::get_ref) {
            None => None,
            Some(DeValue::Table(section)) => Some(section),
            Some(_) => return None,
        },
    };
    let old = section.and_then(|section| section.get_key_value(setting.name.as_str()));
    let value = setting.value.as_ref().map(|value| value.in_place_of(text, old.map(|(_, old)| old)));
    let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    let line = |value: &str| format!("{} = {value}", in_toml_key(&setting.name));
    let (place, new): (Range<usize>, String) = match (old, &value) {
        (None, None) => return Some(text.to_owned()),
        (Some((_, old)), Some(value)) => (old.span(), value.clone()),
        (Some((name, old)), None) => {
            let begin = text[..name.span().start].rfind('\n').map_or(0, |at| at + 1);
            (begin..end_of_line(old.span().end), String::new())
        }
        (None, Some(value)) => {
            let values =
                section.into_iter().flatten().filter(|(_, value)| !matches!(value.get_ref(), DeValue::Table(_)));
            let last = values.map(|(_, value)| value.span().end).max();
            let header = setting.section.and_then(|name| top.get(name)).map(|section| section.span().end);
            match last.or(header).map(end_of_line) {
                Some(at) => {
                    let break_before = if at == 0 || text[..at].ends_with('\n') { "" } else { "\n" };
                    (at..at, format!("{break_before}{}\n", line(value)))
                }
                None => match setting.section {
                    None => {
                        let at = after_opening(text);
                        let blank = if at == text.len() { "" } else { "\n" };
                        (at..at, format!("{}\n{blank}", line(value)))
                    }
                    Some(name) => {
                        let break_before = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                        let blank = if text.is_empty() { "" } else { "\n" };
                        (text.len()..text.len(), format!("{break_before}{blank}[{name}]\n{}\n", line(value)))
                    }
                },
            }
        }
    };
    let changed = format!("{}{new}{}", &text[..place.start], &text[place.end..]);
    // An inline table or a dotted name may have made something else of it.
    let mut expected = values(text)?;
    let path: Vec<String> = setting.section.iter().copied().chain([setting.name.as_str()]).map(str::to_owned).collect();
    match value {
        Some(value) => drop(expected.insert(path, value)),
        None => drop(expected.remove(&path)),
    }
    (values(&changed)? == expected).then_some(changed)
}

/// Where a comment about the whole file ends, which is followed by a blank line.
fn after_opening(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        match line.trim() {
            "" => return at,
            comment if comment.starts_with('#') => {}
            _ => return 0,
        }
    }
    0
}

/// All values in a text by their names, as they are written there.
fn values(text: &str) -> Option<BTreeMap<Vec<String>, String>> {
    fn add(text: &str, table: &DeTable<'_>, path: &[String], all: &mut BTreeMap<Vec<String>, String>) {
        for (name, value) in table {
            let path = [path, &[name.get_ref().to_string()]].concat();
            match value.get_ref() {
                DeValue::Table(table) => add(text, table, &path, all),
                _ => drop(all.insert(path, text.get(value.span()).unwrap_or_default().to_owned())),
            }
        }
    }
    let mut all = BTreeMap::new();
    add(text, DeTable::parse(text).ok()?.get_ref(), &[], &mut all);
    Some(all)
}

impl SettingValue {
    /// It in place of an old value, if there is one: a list that had lines of its own has them again.
    fn in_place_of(&self, text: &str, old: Option<&Spanned<DeValue<'_>>>) -> String {
        let (Self::Texts(texts), Some(old)) = (self, old.filter(|old| text[old.span()].contains('\n'))) else {
            return self.in_toml();
        };
        let had = with_comments(text, old);
        let lines = texts.iter().flat_map(|one| {
            let comments = had.iter().find(|(text, ..)| text == one);
            let above = comments.iter().flat_map(|(_, above, _)| above).map(|line| (*line).to_owned());
            let behind = comments.map_or("", |(.., behind)| behind);
            above.chain([format!("{}, {behind}", in_toml(one)).trim_end().to_owned()]).collect::<Vec<_>>()
        });
        format!("[\n  {}\n]", lines.collect::<Vec<_>>().join("\n  "))
    }

    fn in_toml(&self) -> String {
        match self {
            Self::Bool(is) => is.to_string(),
            Self::Text(text) => in_toml(text),
            Self::Texts(texts) => {
                format!("[{}]", texts.iter().map(|text| in_toml(text)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The texts of a list with their comments, those in the lines above a text and the one behind it.
fn with_comments<'a>(text: &'a str, list: &'a Spanned<DeValue<'_>>) -> Vec<(&'a str, Vec<&'a str>, &'a str)> {
    let DeValue::Array(all) = list.get_ref() else { return Vec::new() };
    let mut above = list.span().start;
    all.iter()
        .map(|one| {
            let before = text[above..one.span().start].lines().skip(1).map(str::trim);
            let behind = text[one.span().end..].trim_start_matches([' ', '\t', ',']);
            let behind = behind.lines().next().filter(|line| line.starts_with('#'));
            above = one.span().end;
            let comments = before.filter(|line| line.starts_with('#')).collect();
            (one.get_ref().as_str().unwrap_or_default(), comments, behind.unwrap_or_default())
        })
        .collect()
}

fn in_toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A name, in quotes if it needs them.
fn in_toml_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { name.to_owned() } else { in_toml(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, section: Option<&'static str>, name: &str, value: Option<&str>) -> Option<String> {
        let value = value.map(|value| SettingValue::Text(value.to_owned()));
        with_setting(text, &NewSetting { section, name: name.to_owned(), value })
    }

    #[test]
    fn a_setting_is_written_and_all_else_stays() {
        for (text, section, name, value, expected) in [
            ("", None, "theme", Some("dark"), "theme = \"dark\"\n"),
            ("theme = 'light' # by day\n", None, "theme", Some("dark"), "theme = \"dark\" # by day\n"),
            (
                "# Mine.\n\n[profiles.a]\nsocket = \"s\"\n",
                None,
                "theme",
                Some("dark"),
                "# Mine.\n\ntheme = \"dark\"\n\n[profiles.a]\nsocket = \"s\"\n",
            ),
            (
                "clipboard = \"none\" # here\ncolumns = [\n  \"id\", # first\n]\n[profiles.a]\nsocket = \"s\"\n",
                None,
                "theme",
                Some("dark"),
                "clipboard = \"none\" # here\ncolumns = [\n  \"id\", # first\n]\ntheme = \"dark\"\n[profiles.a]\nsocket = \"s\"\n",
            ),
            ("theme = \"dark\"", None, "dates", Some("utc"), "theme = \"dark\"\ndates = \"utc\"\n"),
            ("theme = \"dark\"\n# end\n", None, "theme", None, "# end\n"),
            (
                "theme = \"dark\"",
                Some("views"),
                "old keys",
                Some("unused:90d"),
                "theme = \"dark\"\n\n[views]\n\"old keys\" = \"unused:90d\"\n",
            ),
            (
                "[views]\n# a note\n\n[serve]\nname = \"x\"\n",
                Some("views"),
                "mine",
                Some("label:\"a b\""),
                "[views]\nmine = 'label:\"a b\"'\n# a note\n\n[serve]\nname = \"x\"\n",
            ),
            (
                "[views]\nmine = \"x\"\nyours = \"y\"\n[serve]\n",
                Some("views"),
                "mine",
                None,
                "[views]\nyours = \"y\"\n[serve]\n",
            ),
            ("", Some("views"), "mine", None, ""),
        ] {
            assert_eq!(set(text, section, name, value).as_deref(), Some(expected), "{name} in {text:?}");
        }
    }

    #[test]
    fn comments_in_a_list_stay_with_their_texts() {
        let write = |text: &str, texts: &[&str]| {
            let value = Some(SettingValue::Texts(texts.iter().map(|&text| text.to_owned()).collect()));
            with_setting(text, &NewSetting { section: None, name: "columns".to_owned(), value })
        };
        let text = "columns = [ # mine\n  # the name\n\t\"label\", # first\n  'id','status' # last\n] # end\ntheme = \"dark\"\n";
        assert_eq!(
            write(text, &["id", "label", "owner"]).as_deref(),
            Some(
                "columns = [\n  \"id\",\n  # the name\n  \"label\", # first\n  \"owner\",\n] # end\ntheme = \"dark\"\n"
            ),
        );
        assert_eq!(write("columns = ['id'] # end\n", &["label"]).as_deref(), Some("columns = [\"label\"] # end\n"));
    }

    #[test]
    fn what_can_not_be_changed_alone_is_refused() {
        for text in [
            "views.mine = \"x\"",
            "views = { mine = \"x\" }",
            "views = { mine = \"x\", c = \"y\" }\n",
            "views = 3",
            "theme =",
        ] {
            let (name, value) = if text.contains(", c") { ("mine", None) } else { ("other", Some("y")) };
            assert_eq!(set(text, Some("views"), name, value), None, "{text}");
        }
        assert_eq!(
            set("views = { mine = \"x\" }", Some("views"), "mine", Some("y")).as_deref(),
            Some("views = { mine = \"y\" }"),
        );
    }

    #[test]
    fn a_file_keeps_its_place_and_permissions_and_a_new_one_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link, new) =
            (folder.path().join("real.toml"), folder.path().join("config.toml"), folder.path().join("a/b/config.toml"));
        fs::write(&real, "# mine\n\ntheme = \"dark\"\n").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let setting = NewSetting {
            section: None,
            name: "columns".to_owned(),
            value: Some(SettingValue::Texts(vec!["id".to_owned(), "label".to_owned()])),
        };
        for (path, expected) in [
            (&link, "# mine\n\ntheme = \"dark\"\ncolumns = [\"id\", \"label\"]\n"),
            (&new, "columns = [\"id\", \"label\"]\n"),
        ] {
            SettingsFile::new(Some(path.clone())).write(&setting).unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), expected);
        }
        assert!(link.is_symlink());
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&real), mode(&new), mode(new.parent().unwrap())), (0o640, 0o600, 0o700));
        let refused = SettingsFile::default().write(&setting).unwrap_err().to_string();
        assert!(refused.contains("no home directory"), "{refused}");
    }
}
