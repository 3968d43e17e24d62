//! The one table that binds presses, names the intents, and words the hints.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::Sort;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Sort by this, or turn the order around.
    SortBy(Sort),
    /// Sort by the next column.
    SortNext,
    /// Turn the order around.
    SortFlip,
    /// Type a filter.
    Filter,
    /// Show only the next status.
    FilterStatus,
    /// Ask the server again.
    Refresh,
    /// Open or close the details.
    Details,
    /// Open the dialog that creates a key.
    Create,
    /// Open the confirmation that deletes the selected key.
    Delete,
    /// Open the question that activates or deactivates the selected key.
    Switch,
    /// Edit label and expiry of the selected key.
    Edit,
    /// Copy the Access key ID.
    CopyId,
    /// Copy the Secret access key.
    CopySecret,
    /// Show or hide the Secret access key.
    ShowKey,
    /// Close the dialog that holds a secret.
    Close,
    /// Show every binding.
    Help,
    /// Leave.
    Quit,
    /// Back, without doing anything.
    Cancel,
    /// Do what is focused.
    Submit,
    /// To the next field or button.
    Next,
    /// To the field or button before.
    Previous,
    /// The choice to the left.
    Left,
    /// The choice to the right.
    Right,
}

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

use Action as A;
use KeyCode as K;
use Mode as M;

/// Every binding, in the order of footer and help.
pub static BINDINGS: &[Binding] = &[
    bind(M::List, K::Char('c'), A::Create).said("c", "create", "Create access key"),
    bind(M::List, K::Char('d'), A::Delete).said("d", "delete", "Delete the selected key (asks first)"),
    bind(M::List, K::Char('a'), A::Switch).said("a", "on/off", "Deactivate or activate the selected key"),
    bind(M::List, K::Char('e'), A::Edit).said("e", "edit", "Edit label and expiry"),
    bind(M::List, K::Enter, A::Details).said("Enter", "details", "Open or close the details"),
    bind(M::List, K::Char('/'), A::Filter).said("/", "filter", "Filter by ID or label, as you type"),
    bind(M::List, K::Char('s'), A::SortNext).said("s", "sort", "Sort by the next column"),
    bind(M::List, K::Char('?'), A::Help).said("?", "help", "This help"),
    bind(M::List, K::Char('q'), A::Quit).said("q", "quit", "Quit"),
    bind(M::List, K::Char('S'), A::SortFlip).said("S", "", "Turn the order around"),
    bind(M::List, K::Char('1'), A::SortBy(Sort::Id)).said("1-5", "", "Sort by that column; again: turn around"),
    bind(M::List, K::Char('2'), A::SortBy(Sort::Label)),
    bind(M::List, K::Char('3'), A::SortBy(Sort::CreatedAt)),
    bind(M::List, K::Char('4'), A::SortBy(Sort::LastUsedAt)),
    bind(M::List, K::Char('5'), A::SortBy(Sort::Status)),
    bind(M::List, K::Char('f'), A::FilterStatus).said("f", "", "Show all, active, expired, inactive keys"),
    bind(M::List, K::Char('y'), A::CopyId).said("y", "", "Copy the Access key ID"),
    bind(M::List, K::Char('r'), A::Refresh).said("r", "", "Refresh (by itself once a minute)"),
    bind(M::List, K::Up, A::Up).said("↑ ↓ j k", "", "Move"),
    bind(M::List, K::Down, A::Down),
    bind(M::List, K::Char('k'), A::Up),
    bind(M::List, K::Char('j'), A::Down),
    bind(M::List, K::PageUp, A::PageUp).said("PgUp PgDn", "", "Move by a page"),
    bind(M::List, K::PageDown, A::PageDown),
    control(M::List, 'b', A::PageUp),
    control(M::List, 'f', A::PageDown),
    bind(M::List, K::Home, A::Home).said("Home End g G", "", "To the first, to the last key"),
    bind(M::List, K::End, A::End),
    bind(M::List, K::Char('g'), A::Home),
    bind(M::List, K::Char('G'), A::End),
    bind(M::List, K::Esc, A::Cancel).said("Esc", "", "Close the details, clear the filter"),
    bind(M::List, K::F(1), A::Help),
    bind(M::List, K::F(5), A::Refresh),
    control(M::List, 'c', A::Quit).said("Ctrl-C", "", "Quit, from anywhere"),
    bind(M::Filter, K::Enter, A::Submit).said("Enter", "keep the filter", ""),
    bind(M::Filter, K::Esc, A::Cancel).said("Esc", "clear it", ""),
    bind(M::Filter, K::Up, A::Up).said("↑ ↓", "move", ""),
    bind(M::Filter, K::Down, A::Down),
    bind(M::Filter, K::PageUp, A::PageUp),
    bind(M::Filter, K::PageDown, A::PageDown),
    control(M::Filter, 'c', A::Quit),
    bind(M::Form, K::Enter, A::Submit).said("Enter", "go on", ""),
    bind(M::Form, K::Tab, A::Next).said("Tab", "next field", ""),
    bind(M::Form, K::Down, A::Next),
    bind(M::Form, K::BackTab, A::Previous),
    bind(M::Form, K::Up, A::Previous),
    bind(M::Form, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    control(M::Form, 'c', A::Quit),
    bind(M::Confirm, K::Enter, A::Submit).said("Enter", "press the marked button", ""),
    bind(M::Confirm, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    control(M::Confirm, 'c', A::Quit),
    bind(M::Question, K::Enter, A::Submit).said("Enter", "choose", ""),
    bind(M::Question, K::Tab, A::Next).said("Tab", "other button", ""),
    bind(M::Question, K::Right, A::Next),
    bind(M::Question, K::BackTab, A::Previous),
    bind(M::Question, K::Left, A::Previous),
    bind(M::Question, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    control(M::Question, 'c', A::Quit),
    bind(M::Reveal, K::Char('s'), A::ShowKey).said("s", "show/hide key", ""),
    bind(M::Reveal, K::Char('c'), A::CopySecret).said("c", "copy secret", ""),
    bind(M::Reveal, K::Char('i'), A::CopyId).said("i", "copy ID", ""),
    bind(M::Reveal, K::Tab, A::Next).said("Tab", "next button", ""),
    bind(M::Reveal, K::Right, A::Next),
    bind(M::Reveal, K::Down, A::Next),
    bind(M::Reveal, K::BackTab, A::Previous),
    bind(M::Reveal, K::Left, A::Previous),
    bind(M::Reveal, K::Up, A::Previous),
    bind(M::Reveal, K::Enter, A::Submit).said("Enter", "press it", ""),
    bind(M::Reveal, K::Esc, A::Cancel),
    control(M::Reveal, 'c', A::Quit),
    bind(M::Help, K::Esc, A::Cancel).said("Esc", "back", ""),
    bind(M::Help, K::Char('?'), A::Cancel),
    bind(M::Help, K::Char('q'), A::Cancel),
    bind(M::Help, K::Enter, A::Cancel),
    bind(M::Help, K::Up, A::Up),
    bind(M::Help, K::Down, A::Down).said("↑ ↓", "scroll", ""),
    bind(M::Help, K::Char('k'), A::Up),
    bind(M::Help, K::Char('j'), A::Down),
    bind(M::Help, K::PageUp, A::PageUp),
    bind(M::Help, K::PageDown, A::PageDown),
    control(M::Help, 'c', A::Quit),
];

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
