//! What presses mean, and how the footer and the help say so: the catalogue of actions, and what only the page has.

mod action;
mod bindings;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use action::{Action, Topic};
use bindings::BINDINGS;

use crate::operations::actions::{ACTIONS, ActionEntry};

/// What presses mean now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    List,
    /// The list, while its filter is typed.
    Filter,
    Form,
    /// A confirmation that is typed.
    Confirm,
    /// That of an act on many keys.
    ManyConfirm,
    /// A question with buttons.
    Question,
    /// Something that takes its time.
    Progress,
    /// The dialog that holds a new secret.
    Reveal,
    /// The dialog of a rotation that is under way.
    Rotation,
    Profiles,
    Views,
    /// The dialog that chooses columns.
    Columns,
    /// The screen of bars.
    Overview,
    /// The screen of administrators.
    Admins,
    /// The screen of sessions.
    Sessions,
    /// The screen of events.
    History,
    /// What can be pressed in what is open, on top of it.
    Help,
    /// Waiting for an answer before leaving.
    Leaving,
}

/// A press in a mode, what it means, and how the footer and the help say so.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// None for every mode.
    mode: Option<Mode>,
    code: KeyCode,
    modifiers: KeyModifiers,
    pub action: Action,
    /// The press in the user's words; empty for a second way to the same.
    pub press: &'static str,
    /// A word or two for the footer; empty if the footer has no room for it.
    pub hint: &'static str,
    /// Whether the footer has it only where the others have left room.
    pub is_spare: bool,
    /// A sentence for the help; empty for a second way to the same.
    pub help: &'static str,
}

const fn bind(mode: Mode, code: KeyCode, action: Action) -> Binding {
    Binding {
        mode: Some(mode),
        code,
        modifiers: KeyModifiers::NONE,
        action,
        press: "",
        hint: "",
        is_spare: false,
        help: "",
    }
}

const fn control(mode: Mode, letter: char, action: Action) -> Binding {
    let mut binding = bind(mode, KeyCode::Char(letter), action);
    binding.modifiers = KeyModifiers::CONTROL;
    binding
}

/// With Ctrl, in every mode.
const fn anywhere(letter: char, action: Action) -> Binding {
    Binding { mode: None, ..control(Mode::List, letter, action) }
}

impl Binding {
    /// With a word for the footer, where the others have left room.
    const fn spare(mut self, hint: &'static str) -> Self {
        (self.hint, self.is_spare) = (hint, true);
        self
    }

    const fn said(mut self, press: &'static str, hint: &'static str, help: &'static str) -> Self {
        (self.press, self.hint, self.help) = (press, hint, help);
        self
    }
}

/// What a press means in a mode, if anything.
pub fn action(mode: Mode, key: KeyEvent) -> Option<Action> {
    let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
    all()
        .find(|b| b.mode.is_none_or(|of| of == mode) && b.code == key.code && b.modifiers == modifiers)
        .map(|b| b.action)
}

/// The bindings that a mode's footer shows.
pub fn hints(mode: Mode) -> impl Iterator<Item = Binding> {
    // Where something is typed no character is free for the help.
    let types = matches!(mode, Mode::Form | Mode::Confirm | Mode::ManyConfirm);
    let everywhere = all().filter(move |b| b.mode.is_none() && types);
    all().filter(move |b| b.mode == Some(mode)).chain(everywhere).filter(|b| !b.hint.is_empty())
}

/// The bindings that the help of the list shows.
pub fn helps() -> impl Iterator<Item = Binding> {
    all().filter(|b| matches!(b.mode, None | Some(Mode::List)) && !b.help.is_empty())
}

/// The bindings that the help of what else is open shows. Some have no sentence but the footer's word.
pub fn helps_of(mode: Mode) -> impl Iterator<Item = Binding> {
    let everywhere = all().filter(|b| b.mode.is_none() && !b.help.is_empty());
    all().filter(move |b| b.mode == Some(mode) && !b.press.is_empty()).chain(everywhere)
}

/// The catalogue's presses, on the list; then the page's own.
fn all() -> impl Iterator<Item = Binding> {
    ACTIONS.iter().filter_map(from_catalogue).chain(BINDINGS.iter().copied())
}

fn from_catalogue(entry: &ActionEntry) -> Option<Binding> {
    let code = match entry.press {
        "Enter" => KeyCode::Enter,
        press => KeyCode::Char(press.chars().next()?),
    };
    let binding = bind(Mode::List, code, Action::Do(entry.id)).said(entry.press, entry.hint, entry.help());
    Some(if entry.hint.is_empty() { binding.spare(entry.spare_hint) } else { binding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_press_means_two_things() {
        let bindings: Vec<Binding> = all().collect();
        for (at, a) in bindings.iter().enumerate() {
            for b in &bindings[at + 1..] {
                let is_one = a.mode == b.mode || a.mode.is_none() || b.mode.is_none();
                assert!(
                    !is_one || (a.code, a.modifiers) != (b.code, b.modifiers),
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
    fn the_readme_has_the_table_of_the_help() {
        let rows: Vec<String> = helps().map(|b| format!("| `{}` | {} |", b.press, b.help)).collect();
        let table = format!("| press | does |\n|---|---|\n{}\n\n", rows.join("\n"));
        assert!(include_str!("../../../README.md").contains(&table), "README needs this table:\n{table}");
    }

    #[test]
    fn escape_never_closes_a_secret_and_alt_means_nothing() {
        assert_eq!(action(Mode::Reveal, KeyEvent::from(KeyCode::Esc)), Some(Action::Cancel));
        assert_eq!(action(Mode::List, KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT)), None);
    }
}
