//! What users write about a key.

use std::collections::BTreeMap;

use super::fields::KeyField;

/// Texts that a user wrote, by the names of their fields: for a new key or an edit. Absent is empty in a new key, and
/// unchanged in an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<&'static str, String>);

/// Why a text is refused. Begins with the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It is too long; holds how many characters it has and may have.
    #[error("{0}: {1} characters; at most {2} are allowed")]
    TooLong(&'static str, usize, usize),
    /// It has a control character; holds its place, counted from 1.
    #[error("{0}: character {1} is a control character, which is not allowed")]
    Control(&'static str, usize),
    /// The field is not written by users.
    #[error("{0}: can't be changed")]
    Fixed(&'static str),
}

impl Texts {
    /// Sets a text, which may be empty.
    pub fn set(&mut self, field: &KeyField, text: &str) -> Result<(), TextError> {
        let max = field.text.as_ref().ok_or(TextError::Fixed(field.name))?.max_chars;
        if let Some(at) = text.chars().position(char::is_control) {
            return Err(TextError::Control(field.name, at + 1));
        }
        match text.chars().count() {
            n if n > max => Err(TextError::TooLong(field.name, n, max)),
            _ => {
                self.0.insert(field.name, text.to_owned());
                Ok(())
            }
        }
    }

    /// Takes a text over from another key, unless one was set.
    pub fn inherit(&mut self, name: &'static str, text: &str) {
        self.0.entry(name).or_insert_with(|| text.to_owned());
    }

    /// The text of a field, if it was set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The label; empty if it was not set.
    pub fn label(&self) -> &str {
        self.get("label").unwrap_or_default()
    }

    /// The texts that were set, with the names of their fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// Keeps only the texts for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.0.retain(|name, text| keep(name, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::fields;

    #[test]
    fn bounds() {
        let set = |text: &str| Texts::default().set(fields::named("label").unwrap(), text);
        assert_eq!(set(""), Ok(()));
        assert_eq!(set(&"é".repeat(100)), Ok(()));
        assert_eq!(set(&"é".repeat(101)), Err(TextError::TooLong("label", 101, 100)));
        assert_eq!(set("a\u{1b}[31m"), Err(TextError::Control("label", 2)));
        assert_eq!(set("a\u{85}"), Err(TextError::Control("label", 2)));
        assert!(Texts::default().set(fields::named("created_by").unwrap(), "jo").is_err());
    }
}
