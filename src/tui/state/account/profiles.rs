//! Choosing another server.

use crate::domain::Profile;
use crate::tui::keymap::Action;

/// The profiles, and the one that is marked.
#[derive(Debug)]
pub struct ProfilesDialog {
    pub profiles: Vec<Profile>,
    /// The one that is worked on.
    pub current: Option<String>,
    /// The marked one's number.
    pub selected: usize,
}

impl ProfilesDialog {
    /// The profiles, the current one marked.
    pub fn new(profiles: Vec<Profile>, current: Option<String>) -> Self {
        let at = profiles.iter().position(|profile| Some(&profile.name) == current.as_ref());
        Self { profiles, current, selected: at.unwrap_or(0) }
    }

    pub fn marked(&self) -> Option<&Profile> {
        self.profiles.get(self.selected)
    }

    /// Moves the mark.
    pub const fn go(&mut self, action: Action) {
        match action {
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down if self.selected + 1 < self.profiles.len() => self.selected += 1,
            _ => {}
        }
    }
}
