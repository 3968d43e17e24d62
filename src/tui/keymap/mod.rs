//! What presses mean: one table binds them, names the intents, and words the hints.

mod action;
mod bindings;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use action::Action;
use bindings::BINDINGS;

/// What presses mean now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The list of keys.
    List,
    /// The list, while its filter is typed.
    Filter,
    /// A form with fields.
    Form,
    /// A confirmation that is typed.
    Confirm,
    /// A question with buttons.
    Question,
    /// The dialog that holds a new secret.
    Reveal,
    /// The profiles.
    Profiles,
    /// The bindings.
    Help,
    /// Waiting for an answer before leaving.
    Leaving,
}

/// A press in a mode, what it means, and how the footer and the help say so.
pub struct Binding {
    mode: Mode,
    code: KeyCode,
    modifiers: KeyModifiers,
    /// What it means.
    pub action: Action,
    /// The press in the user's words; empty for a second way to the same.
    pub press: &'static str,
    /// A word or two for the footer; empty if the footer has no room for it.
    pub hint: &'static str,
    /// A sentence for the help; empty for a second way to the same.
    pub help: &'static str,
}

const fn bind(mode: Mode, code: KeyCode, action: Action) -> Binding {
    Binding { mode, code, modifiers: KeyModifiers::NONE, action, press: "", hint: "", help: "" }
}

const fn control(mode: Mode, letter: char, action: Action) -> Binding {
    let mut binding = bind(mode, KeyCode::Char(letter), action);
    binding.modifiers = KeyModifiers::CONTROL;
    binding
}

impl Binding {
    const fn said(mut self, press: &'static str, hint: &'static str, help: &'static str) -> Self {
        (self.press, self.hint, self.help) = (press, hint, help);
        self
    }
}

/// What a press means in a mode, if anything.
#[must_use]
pub fn action(mode: Mode, key: KeyEvent) -> Option<Action> {
    let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
    BINDINGS.iter().find(|b| b.mode == mode && b.code == key.code && b.modifiers == modifiers).map(|b| b.action)
}

/// The bindings that a mode's footer shows.
pub fn hints(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.mode == mode && !b.hint.is_empty())
}

/// The bindings that the help shows.
pub fn helps() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(|b| !b.help.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_press_means_two_things() {
        for (at, a) in BINDINGS.iter().enumerate() {
            for b in &BINDINGS[at + 1..] {
                assert!(
                    (a.mode, a.code, a.modifiers) != (b.mode, b.code, b.modifiers),
                    "{:?} in {:?} is {:?} and {:?}",
                    a.code,
                    a.mode,
                    a.action,
                    b.action
                );
            }
        }
    }

    #[test]
    fn escape_never_closes_a_secret_and_alt_means_nothing() {
        assert_eq!(action(Mode::Reveal, KeyEvent::from(KeyCode::Esc)), Some(Action::Cancel));
        assert_eq!(action(Mode::List, KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT)), None);
    }
}
