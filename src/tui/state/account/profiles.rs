//! Choosing another server: by its number, or found by typing. None is asked anything before it is chosen.

use std::rc::Rc;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::client::Server;
use crate::domain::{Identity, Profile, fold};
use crate::operations::keys::bulk::BulkReport;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{State, Undo};

/// The most characters of a search.
const MAX_SEARCH: usize = 40;

/// The profiles, what is typed to find one, and the one that is marked.
#[derive(Debug)]
pub struct ProfilesDialog {
    pub profiles: Vec<Profile>,
    /// The one that is worked on.
    pub current: Option<String>,
    pub typed: Field,
    /// The marked one's place among those that are found.
    pub selected: usize,
}

/// What this run knows of the server of a profile.
#[derive(Clone, Debug)]
pub enum ProfileState {
    /// It is in this program: there is no sign-in.
    Embedded,
    /// It was not chosen yet.
    NotOpened,
    NotSignedIn,
    SignedIn(Identity),
    /// It did not answer then.
    NoAnswer(DateTime<Utc>),
}

/// What is kept of a profile while another one is open.
#[derive(Debug)]
pub struct LeftProfile {
    state: ProfileState,
    /// The last change that was made there.
    undo: Option<Undo>,
    /// What became of each key of the last act on many there.
    report: Option<Rc<BulkReport>>,
}

impl ProfilesDialog {
    /// The profiles, the current one marked.
    pub fn new(profiles: Vec<Profile>, current: Option<String>) -> Self {
        let at = profiles.iter().position(|profile| Some(&profile.name) == current.as_ref());
        Self { profiles, current, typed: Field::new("", MAX_SEARCH), selected: at.unwrap_or(0) }
    }

    /// Those whose name and place have every word that is typed.
    pub fn found(&self) -> impl Iterator<Item = (usize, &Profile)> {
        let typed = fold(self.typed.text());
        self.profiles.iter().enumerate().filter(move |(_, profile)| {
            let text = fold(&format!("{} {}", profile.name, profile.place()));
            typed.split_whitespace().all(|word| text.contains(word))
        })
    }

    /// Whether something is typed. Digits are a part of it then.
    pub fn is_searched(&self) -> bool {
        !self.typed.text().is_empty()
    }

    pub fn marked(&self) -> Option<&Profile> {
        self.found().nth(self.selected).map(|(_, profile)| profile)
    }

    /// The one with this number.
    pub(crate) fn numbered(&self, number: usize) -> Option<&Profile> {
        self.profiles.get(number.checked_sub(1)?)
    }

    /// Takes a digit of a search.
    pub(crate) fn type_digit(&mut self, number: usize) {
        if let Some(digit) = u32::try_from(number).ok().and_then(|number| char::from_digit(number, 10)) {
            self.press(KeyEvent::from(KeyCode::Char(digit)));
        }
    }

    /// Takes back what is typed; the current one is marked again.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(std::mem::take(&mut self.profiles), self.current.take());
    }

    /// Moves the mark.
    pub fn go(&mut self, action: Action) {
        match action {
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down if self.selected + 1 < self.found().count() => self.selected += 1,
            _ => {}
        }
    }
}

impl TextInput for ProfilesDialog {
    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.typed)
    }

    fn changed(&mut self) {
        self.selected = 0;
    }
}

impl State {
    /// What is known of the server of a profile.
    pub fn profile_state(&self, profile: &Profile) -> ProfileState {
        match &self.server {
            Some(server) if server.profile.name == profile.name => self.state_of(server),
            _ => match self.left.get(&profile.name) {
                Some(left) => left.state.clone(),
                None if profile.folder.is_some() => ProfileState::Embedded,
                None => ProfileState::NotOpened,
            },
        }
    }

    /// Takes note of what is known of the server that is about to be left, and of what was done there.
    pub(crate) fn note_left(&mut self) {
        let Some(server) = &self.server else { return };
        let (name, state) = (server.profile.name.clone(), self.state_of(server));
        let (undo, report) = (self.undo.take(), self.report.take());
        self.left.insert(name, LeftProfile { state, undo, report });
    }

    /// Gives back what was done at the server that is open now, before it was left.
    pub(crate) fn take_left(&mut self) {
        let left = self.server.as_ref().and_then(|server| self.left.remove(&server.profile.name));
        (self.undo, self.report) = left.map_or((None, None), |left| (left.undo, left.report));
    }

    fn state_of(&self, server: &Server) -> ProfileState {
        match (&self.list.trouble, &server.who) {
            (Some(trouble), _) if trouble.error.is_about_way() => ProfileState::NoAnswer(trouble.at),
            (_, Some(who)) => ProfileState::SignedIn(who.clone()),
            _ if server.profile.signs_in => ProfileState::NotSignedIn,
            _ => ProfileState::Embedded,
        }
    }
}
