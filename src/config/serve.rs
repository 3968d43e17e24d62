//! The section of the file for `latchkey serve`.

use std::ffi::OsString;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Spot};
use super::setting::{self, SERVE_SETTINGS, SettingKind};
use super::source_text::SourceText;

/// A setting of `latchkey serve`, as the option of that name would have it.
#[derive(Clone, Debug)]
pub struct ServeSetting {
    /// One of [`SERVE_SETTINGS`].
    pub name: &'static str,
    /// The values of the option; none of a flag.
    pub values: Vec<OsString>,
    /// Where the value is in the file.
    pub spot: Spot,
}

impl ServeSetting {
    /// What is wrong with the value, at its place.
    pub fn error(&self, problem: &str) -> ConfigError {
        ConfigError::Setting { spot: self.spot.clone(), problem: format!("{}: {problem}", self.name) }
    }
}

/// Reads the section. Flags that are false are left out.
pub(crate) fn settings(reading: &SourceText<'_>, table: &DeTable<'_>) -> Result<Vec<ServeSetting>, ConfigError> {
    let mut all = Vec::new();
    for (name, value) in table {
        let known = SERVE_SETTINGS.iter().find(|(known, _)| known == name.get_ref());
        let Some((name, kind)) = known else {
            let names = SERVE_SETTINGS.map(|(name, _)| name);
            return Err(reading.error(name.span(), &setting::unknown(name.get_ref(), &names)));
        };
        if let Some(values) = values(reading, name, *kind, value)? {
            all.push(ServeSetting { name, values, spot: reading.spot(value.span()) });
        }
    }
    Ok(all)
}

fn values(
    reading: &SourceText<'_>,
    name: &str,
    kind: SettingKind,
    value: &Spanned<DeValue<'_>>,
) -> Result<Option<Vec<OsString>>, ConfigError> {
    let text = |value| reading.string(name, value).map(OsString::from);
    Ok(Some(match (kind, value.get_ref()) {
        (SettingKind::Flag, _) => return Ok(reading.boolean(name, value)?.then(Vec::new)),
        (SettingKind::Texts, DeValue::Array(all)) => all.iter().map(text).collect::<Result<_, _>>()?,
        (SettingKind::Text | SettingKind::Texts, _) => vec![text(value)?],
        (SettingKind::Path, _) => {
            vec![reading.dirs.expand(reading.path, reading.string(name, value)?)?.into_os_string()]
        }
        (SettingKind::Number, _) => vec![reading.number(name, value)?.to_string().into()],
    }))
}
