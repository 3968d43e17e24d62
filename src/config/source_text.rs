//! The text of the settings file: its values, and the place of errors.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::dirs::AppDirs;
use super::error::{ConfigError, Spot};
use super::setting::KEEP_EVENTS_MOST;

/// The file that is being read.
pub(crate) struct SourceText<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) dirs: &'a AppDirs,
    /// Whether only this user can read the file.
    pub(crate) private: bool,
}

impl SourceText<'_> {
    /// Line and column of `span`.
    pub(crate) fn spot(&self, span: Range<usize>) -> Spot {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        let (line, column) = (before.matches('\n').count() + 1, line.chars().count() + 1);
        Spot { path: self.path.to_owned(), line, column }
    }

    pub(crate) fn error(&self, span: Range<usize>, problem: &str) -> ConfigError {
        ConfigError::Setting { spot: self.spot(span), problem: problem.to_owned() }
    }

    pub(crate) fn string<'v>(&self, name: &str, value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, ConfigError> {
        match value.get_ref().as_str() {
            Some("") => Err(self.error(value.span(), &format!("{name} is empty: set a value, or remove the line"))),
            Some(text) if text.contains(char::is_control) => {
                Err(self.error(value.span(), &format!("{name} contains a control character")))
            }
            Some(text) => Ok(text),
            None => {
                Err(self.error(value.span(), &format!("{name} must be text in quotes, not {}", kind(value.get_ref()))))
            }
        }
    }

    pub(crate) fn boolean(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<bool, ConfigError> {
        let wrong =
            || self.error(value.span(), &format!("{name} must be true or false, not {}", kind(value.get_ref())));
        value.get_ref().as_bool().ok_or_else(wrong)
    }

    /// The value as a number that is not negative.
    pub(crate) fn number(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<u64, ConfigError> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        let problem = format!("{name} must be a whole number, without quotes");
        number.ok_or_else(|| self.error(value.span(), &problem))
    }

    /// The value as days: 1 to [`KEEP_EVENTS_MOST`].
    pub(crate) fn days(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<i64, ConfigError> {
        let number = value.get_ref().as_integer();
        let days = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        days.filter(|days| (1..=KEEP_EVENTS_MOST).contains(days)).ok_or_else(|| {
            self.error(
                value.span(),
                &format!("{name} must be a whole number of days from 1 to {KEEP_EVENTS_MOST}, without quotes"),
            )
        })
    }

    /// The value as seconds: 1 to 3600.
    pub(crate) fn seconds(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<u64, ConfigError> {
        let number = value.get_ref().as_integer();
        let seconds = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        seconds.filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| {
            self.error(
                value.span(),
                &format!("{name} must be a whole number of seconds from 1 to 3600, without quotes"),
            )
        })
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
