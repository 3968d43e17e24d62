//! What the page binds besides the catalogue of actions: moving, typing, and the presses of dialogs.

use crossterm::event::KeyCode;

use super::{Action, Binding, Mode, anywhere, bind, control};
use crate::operations::actions::ActionId as Id;

use Action as A;
use KeyCode as K;
use Mode as M;

/// The bindings, in the order of footer and help.
pub(crate) static BINDINGS: &[Binding] = &[
    bind(M::List, K::Char('1'), A::SortBy(0)).said(
        "1-9",
        "",
        "Sort by ID, label, created, last used, status, owner, note, expires, created by; press again to reverse",
    ),
    bind(M::List, K::Char('2'), A::SortBy(1)),
    bind(M::List, K::Char('3'), A::SortBy(2)),
    bind(M::List, K::Char('4'), A::SortBy(3)),
    bind(M::List, K::Char('5'), A::SortBy(4)),
    bind(M::List, K::Char('6'), A::SortBy(5)),
    bind(M::List, K::Char('7'), A::SortBy(6)),
    bind(M::List, K::Char('8'), A::SortBy(7)),
    bind(M::List, K::Char('9'), A::SortBy(8)),
    bind(M::List, K::Up, A::Up).said("↑ ↓ j k", "", "Move"),
    bind(M::List, K::Down, A::Down),
    bind(M::List, K::Char('k'), A::Up),
    bind(M::List, K::Char('j'), A::Down),
    control(M::List, 'y', A::Up), // st's wheel
    control(M::List, 'e', A::Down),
    bind(M::List, K::PageUp, A::PageUp).said("PgUp PgDn", "", "Page up / page down"),
    bind(M::List, K::PageDown, A::PageDown),
    control(M::List, 'b', A::PageUp),
    control(M::List, 'f', A::PageDown),
    control(M::List, 'u', A::HalfUp).said("Ctrl-U Ctrl-D", "", "Half a page up / down"),
    control(M::List, 'd', A::HalfDown),
    bind(M::List, K::Home, A::Home).said("Home End g G", "", "Jump to the first / last key"),
    bind(M::List, K::End, A::End),
    bind(M::List, K::Char('g'), A::Home),
    bind(M::List, K::Char('G'), A::End),
    bind(M::List, K::Esc, A::Cancel).said("Esc", "", "Close the details; clear the filter; show every status"),
    bind(M::List, K::F(1), A::Do(Id::Help)),
    bind(M::List, K::F(5), A::Do(Id::List)),
    anywhere('c', A::Do(Id::Quit)).said("Ctrl-C", "", "Quit from any screen"),
    anywhere('z', A::Suspend).said("Ctrl-Z", "", "Suspend to the shell (fg to return)"),
    bind(M::Filter, K::Enter, A::Submit).said("Enter", "apply", ""),
    bind(M::Filter, K::Esc, A::Cancel).said("Esc", "clear", ""),
    bind(M::Filter, K::Up, A::Up).said("↑ ↓", "move", ""),
    bind(M::Filter, K::Down, A::Down),
    bind(M::Filter, K::PageUp, A::PageUp),
    bind(M::Filter, K::PageDown, A::PageDown),
    bind(M::Form, K::Enter, A::Submit).said("Enter", "continue", ""),
    bind(M::Form, K::Tab, A::Next).said("Tab", "next field", ""),
    bind(M::Form, K::Down, A::Next),
    bind(M::Form, K::BackTab, A::Previous),
    bind(M::Form, K::Up, A::Previous),
    bind(M::Form, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    bind(M::Confirm, K::Enter, A::Submit).said("Enter", "confirm", ""),
    bind(M::Confirm, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    bind(M::Question, K::Enter, A::Submit).said("Enter", "select", ""),
    bind(M::Question, K::Tab, A::Next).said("Tab", "next button", ""),
    bind(M::Question, K::Right, A::Next),
    bind(M::Question, K::BackTab, A::Previous),
    bind(M::Question, K::Left, A::Previous),
    bind(M::Question, K::Up, A::Up),
    bind(M::Question, K::Down, A::Down),
    bind(M::Question, K::Esc, A::Cancel).said("Esc", "cancel", ""),
    bind(M::Reveal, K::Char('s'), A::ShowKey).said("s", "show/hide key", ""),
    bind(M::Reveal, K::Char('c'), A::CopySecret).said("c", "copy secret", ""),
    bind(M::Reveal, K::Char('w'), A::SaveTo).said("w", "save", ""),
    bind(M::Reveal, K::Char('x'), A::Do(Id::ClearClipboard)).said("x", "clear clipboard", ""),
    bind(M::Reveal, K::Char('h'), A::HmacToken).said("h", "HMAC token", ""),
    bind(M::Reveal, K::Char('t'), A::TestKey).said("t", "test key", ""),
    bind(M::Reveal, K::Char('i'), A::Do(Id::CopyId)).said("i", "copy ID", ""),
    bind(M::Reveal, K::Tab, A::Next).said("Tab", "next button", ""),
    bind(M::Reveal, K::Right, A::Next),
    bind(M::Reveal, K::Down, A::Next),
    bind(M::Reveal, K::BackTab, A::Previous),
    bind(M::Reveal, K::Left, A::Previous),
    bind(M::Reveal, K::Up, A::Previous),
    bind(M::Reveal, K::Enter, A::Submit).said("Enter", "select", ""),
    bind(M::Reveal, K::Esc, A::Cancel),
    bind(M::Profiles, K::Enter, A::Submit).said("Enter", "switch", ""),
    bind(M::Profiles, K::Up, A::Up),
    bind(M::Profiles, K::Down, A::Down).said("↑ ↓", "choose", ""),
    bind(M::Profiles, K::Char('k'), A::Up),
    bind(M::Profiles, K::Char('j'), A::Down),
    control(M::Profiles, 'y', A::Up),
    control(M::Profiles, 'e', A::Down),
    bind(M::Profiles, K::Esc, A::Cancel).said("Esc", "back", ""),
    bind(M::Profiles, K::Char('q'), A::Cancel),
    bind(M::Profiles, K::Char('p'), A::Cancel),
    bind(M::Admins, K::Char('a'), A::AddAdmin).said("a", "add", ""),
    bind(M::Admins, K::Char('c'), A::AddAdmin), // as in the list
    bind(M::Admins, K::Char('e'), A::ChangeRole).said("e", "role", ""),
    bind(M::Admins, K::Char('p'), A::SetPassword).said("p", "password", ""),
    bind(M::Admins, K::Char('P'), A::SetPassword),
    bind(M::Admins, K::Char('d'), A::RemoveAdmin).said("d", "remove", ""),
    bind(M::Admins, K::Enter, A::ShowSessions).said("Enter", "sessions", ""),
    bind(M::Admins, K::Char('r'), A::Do(Id::List)).said("r", "refresh", ""),
    bind(M::Admins, K::Up, A::Up),
    bind(M::Admins, K::Down, A::Down),
    bind(M::Admins, K::Char('k'), A::Up),
    bind(M::Admins, K::Char('j'), A::Down),
    bind(M::Admins, K::PageUp, A::PageUp),
    bind(M::Admins, K::PageDown, A::PageDown),
    bind(M::Admins, K::Home, A::Home),
    bind(M::Admins, K::End, A::End),
    bind(M::Admins, K::Char('g'), A::Home),
    bind(M::Admins, K::Char('G'), A::End),
    control(M::Admins, 'y', A::Up),
    control(M::Admins, 'e', A::Down),
    control(M::Admins, 'b', A::PageUp),
    control(M::Admins, 'f', A::PageDown),
    bind(M::Admins, K::F(5), A::Do(Id::List)),
    bind(M::Admins, K::Char('q'), A::Cancel),
    bind(M::Admins, K::Char('A'), A::Cancel),
    bind(M::Admins, K::Esc, A::Cancel).said("Esc", "back", ""),
    bind(M::Sessions, K::Char('d'), A::EndSession).said("d", "end", ""),
    bind(M::Sessions, K::Char('D'), A::EndAllSessions).said("D", "end all of this user", ""),
    bind(M::Sessions, K::Char('r'), A::Do(Id::List)).said("r", "refresh", ""),
    bind(M::Sessions, K::Up, A::Up),
    bind(M::Sessions, K::Down, A::Down),
    bind(M::Sessions, K::Char('k'), A::Up),
    bind(M::Sessions, K::Char('j'), A::Down),
    bind(M::Sessions, K::PageUp, A::PageUp),
    bind(M::Sessions, K::PageDown, A::PageDown),
    bind(M::Sessions, K::Home, A::Home),
    bind(M::Sessions, K::End, A::End),
    bind(M::Sessions, K::Char('g'), A::Home),
    bind(M::Sessions, K::Char('G'), A::End),
    control(M::Sessions, 'y', A::Up),
    control(M::Sessions, 'e', A::Down),
    control(M::Sessions, 'b', A::PageUp),
    control(M::Sessions, 'f', A::PageDown),
    bind(M::Sessions, K::F(5), A::Do(Id::List)),
    bind(M::Sessions, K::Char('q'), A::Cancel),
    bind(M::Sessions, K::Char('W'), A::Cancel),
    bind(M::Sessions, K::Esc, A::Cancel).said("Esc", "back", ""),
    bind(M::Help, K::Esc, A::Cancel).said("Esc", "back", ""),
    bind(M::Help, K::Char('?'), A::Cancel),
    bind(M::Help, K::Char('q'), A::Cancel),
    bind(M::Help, K::Enter, A::Cancel),
    bind(M::Help, K::Up, A::Up),
    bind(M::Help, K::Down, A::Down).said("↑ ↓", "scroll", ""),
    bind(M::Help, K::Char('k'), A::Up),
    bind(M::Help, K::Char('j'), A::Down),
    control(M::Help, 'y', A::Up),
    control(M::Help, 'e', A::Down),
    bind(M::Help, K::PageUp, A::PageUp),
    bind(M::Help, K::PageDown, A::PageDown),
    bind(M::Help, K::Home, A::Home),
    bind(M::Help, K::End, A::End),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Sort;
    use crate::domain::key::fields;

    #[test]
    fn every_column_has_a_digit_that_sorts_by_it() {
        let columns: Vec<(KeyCode, Action)> =
            BINDINGS.iter().filter(|b| matches!(b.action, A::SortBy(_))).map(|b| (b.code, b.action)).collect();
        let digits = ('1'..).map(K::Char).zip((0..Sort::OF_COLUMNS.len()).map(A::SortBy));
        assert_eq!(columns, digits.collect::<Vec<_>>());
        let press = format!("1-{}", Sort::OF_COLUMNS.len());
        let titles = Sort::OF_COLUMNS.map(fields::title_of).join(", ").to_lowercase().replace("access key id", "ID");
        let help = format!("Sort by {titles}; press again to reverse");
        assert!(BINDINGS.iter().any(|b| b.press == press && b.help == help), "the help says {press}: {help}");
    }
}
