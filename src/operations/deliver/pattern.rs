//! The name of a file for the secret of a key that is not made yet.

use std::path::PathBuf;

use crate::domain::{AccessKey, KeyId, Rotation, Untrusted};

/// A path with `{id}`, `{old}` and `{label}` in it: the new key's ID, the old one's, and the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern(String);

impl FilePattern {
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether two keys get two files.
    pub fn is_of_each(&self) -> bool {
        ["{id}", "{old}", "{label}"].iter().any(|part| self.0.contains(part))
    }

    /// The path that is tried before it is known which key it will be: in the same folder, if the folder has no part in it.
    pub fn unknown(&self) -> PathBuf {
        self.path("new-key", "new-key", "new-key")
    }

    /// The path for a key, which may be one that replaces another one.
    pub fn of(&self, key: &AccessKey) -> PathBuf {
        let old = match &key.rotation {
            Some(Rotation::Replaces(old)) => part(old.raw_for_api()),
            _ => "none".to_owned(),
        };
        self.path(&part(key.id.raw_for_api()), &old, &part(key.label.raw_for_api()))
    }

    /// The path that is tried before there is a new key: that of the new key, or another one in the same folder.
    pub fn before(&self, old: &AccessKey, label: &str) -> PathBuf {
        let old = part(old.id.raw_for_api());
        self.path(&format!("rotation-of-{old}"), &old, &part(label))
    }

    /// The path for a new key; none if it is the one that was tried.
    pub fn after(&self, old: &AccessKey, new: &AccessKey) -> Option<PathBuf> {
        let part_of = |text: &Untrusted| part(text.raw_for_api());
        let named = || self.path(&part(new.id.raw_for_api()), &part(old.id.raw_for_api()), &part_of(&new.label));
        self.0.contains("{id}").then(named)
    }

    fn path(&self, id: &str, old: &str, label: &str) -> PathBuf {
        // No part has braces in it.
        PathBuf::from(self.0.replace("{label}", label).replace("{old}", old).replace("{id}", id))
    }
}

/// A text as a part of a file's name: it leads to no other folder, and hides no file.
fn part(text: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let part: String = text.chars().map(kept).take(KeyId::MAX_CHARS).collect();
    match part.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if part.is_empty() => "unlabelled".to_owned(),
        None => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_names_and_nothing_else() {
        let key = |id: &str, label: &str| AccessKey {
            label: Untrusted::new(label),
            ..AccessKey::new(KeyId::parse(id).unwrap(), chrono::Utc::now())
        };
        let (old, new) = (key("PK1", "../{id} é\u{1b}"), key("PK2", "../{id} é\u{1b}"));
        let pattern = FilePattern::new("keys/{label}-{old}-{id}.secret");
        assert_eq!(pattern.after(&old, &new), Some("keys/_.__id__é_-PK1-PK2.secret".into()));
        assert_eq!(
            pattern.before(&old, old.label.raw_for_api()),
            PathBuf::from("keys/_.__id__é_-PK1-rotation-of-PK1.secret")
        );
        assert_eq!(FilePattern::new("{label}").before(&key("PK1", ""), ""), PathBuf::from("unlabelled"));
        assert_eq!(FilePattern::new("{old}").after(&old, &new), None);
        assert_eq!(pattern.unknown(), PathBuf::from("keys/new-key-new-key-new-key.secret"));
        assert_eq!(pattern.of(&new), PathBuf::from("keys/_.__id__é_-none-PK2.secret"));
        let rotated = AccessKey { rotation: Some(Rotation::Replaces(old.id.clone())), ..new.clone() };
        assert_eq!(Some(pattern.of(&rotated)), pattern.after(&old, &new));
        assert!(pattern.is_of_each() && !FilePattern::new("secret").is_of_each());
    }
}
