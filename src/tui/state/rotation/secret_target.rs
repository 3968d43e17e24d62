//! Where a new secret is to go, while it is chosen: before there is a secret.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::{AccessKey, CredentialsForm};
use crate::operations::deliver::{FilePattern, SaveTarget};
use crate::tui::field::Field;
use crate::tui::state::step::LONGEST_TARGET;

/// A way that a new secret can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// It waits in its dialog.
    Dialog,
    Clipboard,
    File,
    Command,
}

impl TargetKind {
    pub const ALL: [Self; 4] = [Self::Dialog, Self::Clipboard, Self::File, Self::Command];

    /// Its words on screen, of which the first letter chooses it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::Clipboard => "clipboard",
            Self::File => "file",
            Self::Command => "pipe",
        }
    }
}

/// Where a new secret goes without another press.
#[derive(Debug)]
pub enum Destination {
    Clipboard,
    Save(SaveTarget),
}

/// What is chosen and typed.
#[derive(Debug)]
pub struct NewSecretTarget {
    pub kind: TargetKind,
    pub file: Field,
    pub command: Field,
}

impl Default for NewSecretTarget {
    /// The dialog, and the name of a file in case it is chosen.
    fn default() -> Self {
        let file = format!("~/{{id}}.{}", CredentialsForm::default().extension());
        Self {
            kind: TargetKind::Dialog,
            file: Field::new(&file, LONGEST_TARGET),
            command: Field::new("", LONGEST_TARGET),
        }
    }
}

impl NewSecretTarget {
    /// The field of what is chosen, if a text is needed.
    pub fn field(&mut self) -> Option<&mut Field> {
        match self.kind {
            TargetKind::File => Some(&mut self.file),
            TargetKind::Command => Some(&mut self.command),
            TargetKind::Dialog | TargetKind::Clipboard => None,
        }
    }

    pub const fn takes_text(&self) -> bool {
        matches!(self.kind, TargetKind::File | TargetKind::Command)
    }

    /// The file or the command that is tried before there is a key in place of `old`, with this label.
    pub fn before(&self, old: &AccessKey, label: &str) -> Option<SaveTarget> {
        self.target(|pattern| pattern.before(old, label))
    }

    /// Where the secret of the new key goes, once it is made.
    pub fn after(&self, old: &AccessKey, new: &AccessKey) -> Option<Destination> {
        let path = |pattern: FilePattern| {
            pattern.after(old, new).unwrap_or_else(|| pattern.before(old, new.label.raw_for_api()))
        };
        match self.kind {
            TargetKind::Dialog => None,
            TargetKind::Clipboard => Some(Destination::Clipboard),
            TargetKind::File | TargetKind::Command => self.target(path).map(Destination::Save),
        }
    }

    fn target(&self, path: impl Fn(FilePattern) -> PathBuf) -> Option<SaveTarget> {
        match self.kind {
            TargetKind::File => {
                let path = path(FilePattern::new(self.file.text().trim()));
                Some(SaveTarget::File(path.to_string_lossy().into_owned()))
            }
            TargetKind::Command => Some(SaveTarget::Command(self.command.text().to_owned())),
            TargetKind::Dialog | TargetKind::Clipboard => None,
        }
    }

    /// Takes a press on the row of choices; true if a text is to be typed next.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let at = self.kind as usize;
        let count = TargetKind::ALL.len();
        let chosen = match key.code {
            KeyCode::Left => TargetKind::ALL.get((at + count - 1) % count),
            KeyCode::Right | KeyCode::Char(' ') => TargetKind::ALL.get((at + 1) % count),
            KeyCode::Char(c) => TargetKind::ALL.iter().find(|kind| kind.words().starts_with(c.to_ascii_lowercase())),
            _ => None,
        };
        let Some(chosen) = chosen.copied() else { return false };
        self.kind = chosen;
        self.takes_text() && matches!(key.code, KeyCode::Char(c) if c != ' ')
    }
}
