//! The help: every press of the list and what it does, by topic. It is found by typing, and Enter does it.

use super::{ClockReading, Dialog, Effect, State};
use crate::domain::{Untrusted, fold};
use crate::operations::actions::ActionId;
use crate::tui::field::Field;
use crate::tui::keymap;
use crate::tui::keymap::{Action, Binding, Topic};
use crate::tui::state::input::text_input::TextInput;
use crate::tui::wrap::wrap;

/// Columns of the presses.
pub const PRESS: usize = 14;
/// Columns of the dialog, with its border; from so many columns of the screen on it has two columns, with these at the most.
const WIDTH: u16 = 72;
const WIDE_FROM: u16 = 120;
const WIDE: u16 = 150;
/// What the border and the blanks beside it take, and those between two columns.
const FRAME: u16 = 4;
const BETWEEN: u16 = 3;
/// The most characters of a search.
const MAX_SEARCH: usize = 40;
/// Rows that are not for lines: the border, the search, a blank below it, and the footer.
const OTHER_ROWS: u16 = 5;

/// What is typed into the help, and where one is in it.
#[derive(Debug)]
pub struct HelpDialog {
    pub typed: Field,
    /// The selected one of those that are found.
    selected: usize,
    /// The first line on screen.
    pub top: usize,
}

/// A line of the help.
#[derive(Debug, PartialEq, Eq)]
pub enum HelpLine {
    /// What the lines below are about.
    Topic(&'static str),
    /// A press and what it does; the press is empty where the words go on from the line above.
    Entry { press: &'static str, words: String, is_selected: bool },
    /// Something else to know.
    Words(String),
}

impl Default for HelpDialog {
    fn default() -> Self {
        Self { typed: Field::new("", MAX_SEARCH), selected: 0, top: 0 }
    }
}

impl TextInput for HelpDialog {
    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.typed)
    }

    fn changed(&mut self) {
        (self.selected, self.top) = (0, 0);
    }
}

impl State {
    /// The lines of the help, as they are in a dialog of this width; none unless it is open.
    pub fn help_lines(&self) -> Vec<HelpLine> {
        let Some(Dialog::Help(help)) = &self.dialog else { return Vec::new() };
        let inside = self.help_width().saturating_sub(FRAME);
        let column = if self.has_wide_help() { (inside - BETWEEN) / 2 } else { inside };
        let width = usize::from(column).saturating_sub(PRESS);
        let mut lines = Vec::new();
        let mut topic = None;
        for (at, binding) in self.found(help).into_iter().enumerate() {
            let of = binding.action.topic();
            if topic.replace(of) != Some(of) {
                lines.push(HelpLine::Topic(of.title()));
            }
            let presses = std::iter::once(binding.press).chain(std::iter::repeat(""));
            lines.extend(presses.zip(wrap(binding.help, width)).map(|(press, words)| HelpLine::Entry {
                press,
                words,
                is_selected: at == help.selected,
            }));
        }
        if lines.is_empty() {
            lines.push(HelpLine::Words("No matching commands. Esc clears the search.".into()));
        }
        lines.push(HelpLine::Words(String::new()));
        if let Some(server) = &self.server {
            let place = Untrusted::new(&server.profile.server).to_display(usize::from(self.size.0));
            lines.push(HelpLine::Words(format!("Profile: {} · {place}", server.profile.name)));
        }
        lines.push(HelpLine::Words(format!("latchkey {}", env!("CARGO_PKG_VERSION"))));
        lines
    }

    /// Whether the help has two columns, as long as nothing is searched for in it.
    pub fn has_wide_help(&self) -> bool {
        let is_searched = matches!(&self.dialog, Some(Dialog::Help(help)) if !help.typed.text().is_empty());
        self.size.0 >= WIDE_FROM && !is_searched
    }

    /// Columns of the help, with its border.
    pub fn help_width(&self) -> u16 {
        self.size.0.min(if self.has_wide_help() { WIDE } else { WIDTH })
    }

    /// What is offered and has every word that is typed, by topic.
    fn found(&self, help: &HelpDialog) -> Vec<Binding> {
        let permissions = self.permissions();
        let typed = fold(help.typed.text());
        let is_found = |binding: &Binding| {
            let text = fold(&format!("{} {} {}", binding.press, binding.help, binding.action.topic().title()));
            typed.split_whitespace().all(|word| text.contains(word))
        };
        let mut found: Vec<_> =
            keymap::helps().filter(|binding| binding.action.is_offered(permissions)).filter(is_found).collect();
        found.sort_by_key(|binding| binding.action.topic());
        found
    }

    /// Moves, does what is selected, clears the search, or closes the help.
    pub(crate) fn act_in_help(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Help(help)) = &self.dialog else { return None };
        let found = self.found(help);
        let (selected, top) = (help.selected, help.top);
        let rows = usize::from(self.size.1.saturating_sub(OTHER_ROWS)).max(2);
        let starts = self.entry_lines();
        let last = starts.len().saturating_sub(1);
        // The last row says how much there is below.
        let paged = |top: usize| starts.iter().position(|line| *line >= top).unwrap_or(last);
        let lowest = self.help_lines().len().saturating_sub(rows);
        let (selected, top) = match action {
            Action::Up => (selected.saturating_sub(1), top),
            Action::Down => (selected + 1, top),
            Action::PageUp if top >= rows => (paged(top - (rows - 1)), top - (rows - 1)),
            Action::PageDown if top + rows - 1 < lowest => (paged(top + rows - 1), top + rows - 1),
            Action::Home | Action::PageUp => (0, 0),
            Action::End | Action::PageDown => (last, lowest),
            Action::Submit => return self.do_from_help(found.get(selected)?.action, now),
            Action::Cancel if !help.typed.text().is_empty() => {
                self.dialog = Some(Dialog::Help(HelpDialog::default()));
                return None;
            }
            _ => {
                self.dialog = None;
                return None;
            }
        };
        let selected = selected.min(last);
        // The topic above the first line stays in sight with it, and the words at the end with the last.
        let (lowest_top, highest_top) = match starts.get(selected + 1) {
            // Pages skip no line.
            Some(_) if matches!(action, Action::PageUp | Action::PageDown) => (top, top),
            Some(next) => (next.saturating_sub(rows), starts[selected].saturating_sub(1)),
            None => (lowest, lowest),
        };
        if let Some(Dialog::Help(help)) = &mut self.dialog {
            (help.selected, help.top) = (selected, top.max(lowest_top).min(highest_top));
        }
        None
    }

    /// The first line of each that is found.
    fn entry_lines(&self) -> Vec<usize> {
        let lines = self.help_lines();
        let begins = |line: &HelpLine| matches!(line, HelpLine::Entry { press, .. } if !press.is_empty());
        lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at).collect()
    }

    fn do_from_help(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        self.dialog = None;
        match action {
            Action::Do(ActionId::Quit) => self.leave(now),
            Action::Suspend => {
                self.on_suspend();
                None
            }
            action => self.act_in_list(action),
        }
    }
}

impl Topic {
    /// Its name.
    const fn title(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::List => "The list",
            Self::Server => "Server and access",
            Self::Program => "latchkey",
        }
    }
}
