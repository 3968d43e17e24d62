//! The help: every press of what is open and what it does; of the list, by topic. It is found by typing, and Enter does it.

use super::{
    BulkFormFocus, BulkStage, ClockReading, CreateDialog, Dialog, EditDialog, Effect, ExpiryInput, Focus, RotateFocus,
    State,
};
use crate::domain::{Untrusted, capitalized, fold};
use crate::operations::actions;
use crate::tui::field::Field;
use crate::tui::keymap;
use crate::tui::keymap::{Action, Binding, Mode, Topic};
use crate::tui::state::input::text_input::TextInput;
use crate::tui::wrap::wrap;

/// Columns of the presses.
pub const PRESS: usize = 14;
/// Columns of the dialog, with its border; from so many columns of the screen on it has two columns, with these at the most.
const WIDTH: u16 = 72;
const WIDE_FROM: u16 = 120;
const WIDE: u16 = 150;
/// That of a dialog covers the widest one.
const OF_DIALOG: u16 = 78;
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
    /// Whose presses are explained.
    pub of: Mode,
    pub typed: Field,
    /// The selected one of those that are found. In a dialog none at first: Enter only closes the help then.
    pub selected: Option<usize>,
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

impl HelpDialog {
    pub fn new(of: Mode) -> Self {
        Self { of, typed: Field::new("", MAX_SEARCH), selected: (of == Mode::List).then_some(0), top: 0 }
    }

    fn is_of_list(&self) -> bool {
        self.of == Mode::List
    }
}

impl TextInput for HelpDialog {
    fn field(&mut self) -> Option<&mut Field> {
        Some(&mut self.typed)
    }

    fn changed(&mut self) {
        (self.selected, self.top) = (Some(0), 0);
    }
}

impl State {
    /// The lines of the help, as they are in a dialog of this width; none unless it is open.
    pub fn help_lines(&self) -> Vec<HelpLine> {
        let Some(help) = &self.help else { return Vec::new() };
        let inside = self.help_width().saturating_sub(FRAME);
        let column = if self.has_wide_help() { (inside - BETWEEN) / 2 } else { inside };
        let width = usize::from(column).saturating_sub(PRESS);
        let mut lines = Vec::new();
        let mut topic = None;
        for (at, (binding, words)) in self.found(help).into_iter().enumerate() {
            let of = binding.action.topic();
            if help.is_of_list() && topic.replace(of) != Some(of) {
                lines.push(HelpLine::Topic(of.title()));
            }
            let presses = std::iter::once(binding.press).chain(std::iter::repeat(""));
            lines.extend(presses.zip(wrap(&words, width)).map(|(press, words)| HelpLine::Entry {
                press,
                words,
                is_selected: help.selected == Some(at),
            }));
        }
        if lines.is_empty() {
            lines.push(HelpLine::Words("No matching commands. Esc clears the search.".into()));
        }
        if !help.is_of_list() {
            if let Some((name, expiry)) = self.expiry_being_chosen() {
                lines.push(HelpLine::Words(String::new()));
                lines.push(HelpLine::Words(format!("{name}: {}", expiry.presses()[0])));
            }
            return lines;
        }
        lines.push(HelpLine::Words(String::new()));
        if let Some(server) = &self.server {
            let place = Untrusted::new(&server.profile.server).to_display(usize::from(self.size.0));
            lines.push(HelpLine::Words(format!("Profile: {} · {place}", server.profile.name)));
        }
        lines.push(HelpLine::Words(format!("latchkey {}", env!("CARGO_PKG_VERSION"))));
        lines
    }

    fn expiry_being_chosen(&self) -> Option<(&'static str, &ExpiryInput)> {
        const NAME: &str = "Expires";
        match self.dialog.as_ref()? {
            Dialog::Rotate(dialog) => match dialog.focus {
                RotateFocus::Overlap => Some(("The old key works", &dialog.overlap)),
                RotateFocus::New(Focus::Expiry) => Some((NAME, &dialog.form.expiry)),
                _ => None,
            },
            Dialog::Create(CreateDialog { form, .. }) | Dialog::Edit(EditDialog { form, .. }) => {
                (form.focus == Focus::Expiry).then_some((NAME, &form.expiry))
            }
            Dialog::Bulk(dialog) => match &dialog.stage {
                BulkStage::Form(form) if form.focus == BulkFormFocus::Expiry => Some((NAME, &form.expiry)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the help has two columns: that of the list, as long as nothing is searched for in it.
    pub fn has_wide_help(&self) -> bool {
        let is_whole = |help: &HelpDialog| help.is_of_list() && help.typed.text().is_empty();
        self.size.0 >= WIDE_FROM && self.help.as_ref().is_some_and(is_whole)
    }

    /// Columns of the help, with its border.
    pub fn help_width(&self) -> u16 {
        let is_of_list = self.help.as_ref().is_none_or(HelpDialog::is_of_list);
        self.size.0.min(if self.has_wide_help() {
            WIDE
        } else if is_of_list {
            WIDTH
        } else {
            OF_DIALOG
        })
    }

    /// What is offered and has every word that is typed, and what it does; of the list, by topic.
    fn found(&self, help: &HelpDialog) -> Vec<(Binding, String)> {
        let permissions = self.permissions();
        let typed = fold(help.typed.text());
        let all: Vec<_> =
            if help.is_of_list() { keymap::helps().collect() } else { keymap::helps_of(help.of).collect() };
        let mut found: Vec<_> = all
            .into_iter()
            .filter(|binding| binding.action.is_offered(permissions) && binding.action != Action::KeyHelp)
            .map(|binding| {
                let words =
                    if binding.help.is_empty() { capitalized(self.hint(&binding)) } else { binding.help.to_owned() };
                (binding, words)
            })
            .filter(|(binding, words)| {
                let topic = if help.is_of_list() { binding.action.topic().title() } else { "" };
                let known = if let Action::Do(id) = binding.action { actions::keywords(id) } else { "" };
                let text = fold(&format!("{} {words} {topic} {known}", binding.press));
                // What has a word for the footer, and none now, does nothing now.
                let is_of_use = binding.hint.is_empty() || !self.hint(binding).is_empty();
                is_of_use && !words.is_empty() && typed.split_whitespace().all(|word| text.contains(word))
            })
            .collect();
        if help.is_of_list() {
            found.sort_by_key(|(binding, _)| binding.action.topic());
        }
        found
    }

    /// Moves, does what is selected, clears the search, or closes the help.
    pub(crate) fn act_in_help(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let help = self.help.as_ref()?;
        let found = self.found(help);
        let (selected, top) = (help.selected, help.top);
        let rows = usize::from(self.size.1.saturating_sub(OTHER_ROWS)).max(2);
        let starts = self.entry_lines();
        let last = starts.len().saturating_sub(1);
        // The last row says how much there is below.
        let paged = |top: usize| starts.iter().position(|line| *line >= top).unwrap_or(last);
        let lowest = self.help_lines().len().saturating_sub(rows);
        let (selected, top) = match action {
            Action::Up => (selected.map_or(0, |at| at.saturating_sub(1)), top),
            Action::Down => (selected.map_or(0, |at| at + 1), top),
            Action::PageUp if top >= rows => (paged(top - (rows - 1)), top - (rows - 1)),
            Action::PageDown if top + rows - 1 < lowest => (paged(top + rows - 1), top + rows - 1),
            Action::Home | Action::PageUp => (0, 0),
            Action::End | Action::PageDown => (last, lowest),
            Action::Submit if selected.is_some() => return self.do_from_help(found.get(selected?)?.0.action, now),
            Action::Cancel if !help.typed.text().is_empty() => {
                self.help = Some(HelpDialog::new(help.of));
                return None;
            }
            _ => {
                self.help = None;
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
        if let Some(help) = &mut self.help {
            (help.selected, help.top) = (Some(selected), top.max(lowest_top).min(highest_top));
        }
        None
    }

    /// The first line of each that is found.
    fn entry_lines(&self) -> Vec<usize> {
        let lines = self.help_lines();
        let begins = |line: &HelpLine| matches!(line, HelpLine::Entry { press, .. } if !press.is_empty());
        lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at).collect()
    }

    /// Closes the help, and does as the press would. A digit stands for several there: none of them is meant.
    fn do_from_help(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        self.help = None;
        if matches!(action, Action::Choose(_)) { None } else { self.act_on(action, now) }
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
