//! How things look: the only file that names a style or a border character.
//!
//! Never colour alone: each state has a word and a mark. A style names what a colour is for; the screen knows which
//! colour that is in the theme that is chosen, on the terminal that it runs on.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::domain::{AccessKey, Charset, Order, Status};

/// What a colour is for. It stands in a cell as an indexed colour of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// What leads the eye: titles, names of columns, what to press.
    Accent,
    /// What works, and what went well.
    Good,
    Warning,
    Error,
    /// What is said in passing.
    Quiet,
    /// What is behind a dialog.
    Behind,
    Border,
    /// The bar at the top.
    Header,
    Selected,
    Focus,
    /// Where real keys are at stake.
    Loud,
}

impl Role {
    /// Every role, in the order of their numbers.
    pub(crate) const ALL: [Self; 11] = [
        Self::Accent,
        Self::Good,
        Self::Warning,
        Self::Error,
        Self::Quiet,
        Self::Behind,
        Self::Border,
        Self::Header,
        Self::Selected,
        Self::Focus,
        Self::Loud,
    ];

    /// The role that a cell's colour stands for.
    pub(crate) fn of(colour: Color) -> Option<Self> {
        match colour {
            Color::Indexed(number) => Self::ALL.get(usize::from(number)).copied(),
            _ => None,
        }
    }

    const fn text(self) -> Style {
        Style::new().fg(Color::Indexed(self as u8))
    }

    /// A background, and reversed where there are no colours.
    const fn bar(self) -> Style {
        Style::new().bg(Color::Indexed(self as u8)).add_modifier(Modifier::REVERSED)
    }
}

/// The bar at the top: where one is, and at which server.
pub const HEADER: Style = Role::Header.bar();
/// The title on it, where it has no row of its own.
pub const HEADER_TITLE: Style = HEADER.add_modifier(Modifier::BOLD);
/// The page's title and a dialog's.
pub const TITLE: Style = Role::Accent.text().add_modifier(Modifier::BOLD);
/// What is said in passing: hints, names of facts. Dim where it has no colour, not grey: some palettes hide grey.
pub const QUIET: Style = Role::Quiet.text().add_modifier(Modifier::DIM);
/// What is behind a dialog.
pub const BEHIND: Style = Role::Behind.text().add_modifier(Modifier::DIM);
/// Names of columns.
pub const COLUMN: Style = Role::Accent.text().add_modifier(Modifier::UNDERLINED);
/// A part of a text that was searched for.
pub const FOUND: Style = Style::new().add_modifier(Modifier::UNDERLINED);
/// The press in a hint.
pub const PRESS: Style = Role::Accent.text().add_modifier(Modifier::BOLD);
/// The selected row, from edge to edge: on a wide screen the eye would lose it between the ID and the status.
pub const SELECTED: Style = Role::Selected.bar();
/// The focused field or button.
pub const FOCUS: Style = Role::Focus.bar();
/// What went wrong.
pub const ERROR: Style = Role::Error.text();
/// What deserves a second look.
pub const WARNING: Style = Role::Warning.text();
/// Where real keys are at stake.
pub const LOUD: Style = Role::Loud.bar().add_modifier(Modifier::BOLD);
/// What went well.
pub const GOOD: Style = Role::Good.text().add_modifier(Modifier::BOLD);
/// A revealed secret: alone on its line, as it is.
pub const SECRET: Style = Style::new().add_modifier(Modifier::BOLD);
/// Lines around dialogs.
pub const LINE: Style = Role::Border.text();
/// On the first cell of a row: nothing else is on it, and a row below that is so too goes on with the same text.
/// No look, but a word to the pen, which lets the terminal itself break such rows: a selection by mouse joins them.
pub const ALONE: Modifier = Modifier::RAPID_BLINK;

/// On the first cell of the focused button or choice. No look either: the cursor stands there.
pub const HERE: Modifier = Modifier::SLOW_BLINK;

/// On the first cell of a row that can be selected, and on every cell of a button: for clicks. No look either.
pub const ROW: Modifier = Modifier::HIDDEN;
pub const BUTTON: Modifier = Modifier::CROSSED_OUT;
/// Marks without a look.
pub const UNSEEN: Modifier = ALONE.union(HERE).union(ROW).union(BUTTON);

/// Around dialogs.
pub const BORDER: border::Set<'static> = border::PLAIN;
/// A line inside a dialog.
pub const RULE: &str = "─";
/// The selected row.
pub const POINTER: &str = "▶ ";
/// Behind the pointer of a marked row.
pub const MARK: &str = "*";
/// A hidden character of a secret.
pub const DOT: &str = "•";
/// A step that is done, one that failed, one that is under way.
pub const STEPS: (&str, &str, &str) = ("✓", "×", "·");
/// A part of a bar that is done.
pub const BAR: &str = "█";
/// In place of a number that is nothing.
pub const NONE: &str = "–";
/// For the rest of a text that was cut. Nothing else of ours has it: in ASCII it would look like a full stop.
pub const CUT: &str = "…";
/// Behind what deserves a second look.
pub const NOTE: &str = "!";
/// The same of what can't wait: seen without colours too.
pub const URGENT: &str = "!!";
/// Before what to do next.
pub const NEXT: &str = "→";
/// Between the steps of a path.
pub const STEP: &str = "›";
/// Between two facts on one line.
pub const BETWEEN: &str = "·";
/// The chosen one of several, and another.
pub const CHOSEN: (&str, &str) = ("(•)", "( )");
/// Behind the column that the rows are sorted by: upward, downward.
pub const SORTED: (&str, &str) = ("▲", "▼");
/// Before how much there is below, and above.
pub const BELOW: &str = "↓";
pub const ABOVE: &str = "↑";

/// A status with its mark.
pub const fn status(status: Status) -> (&'static str, Style) {
    match status {
        Status::Active => ("● active", Role::Good.text()),
        Status::Inactive => ("○ inactive", QUIET),
        Status::Expired => ("× expired", ERROR),
    }
}

/// The status of a key, with the mark of one that is inactive for a while.
pub fn status_of(key: &AccessKey) -> (&'static str, Style) {
    match key.status {
        Status::Inactive if key.reactivates_at.is_some() => ("◔ inactive", QUIET),
        status_word => status(status_word),
    }
}

/// What replaces a character of ours where there is only ASCII: each as wide as the character itself.
const IN_ASCII: [(&str, &str); 29] = [
    ("─", "-"),
    ("│", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("▶", ">"),
    ("•", "*"),
    ("✓", "+"),
    ("×", "x"),
    ("…", "~"), // as domain::Charset has it
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("›", ">"),
    ("·", "-"),
    ("▲", "^"),
    ("▼", "v"),
    ("●", "*"),
    ("○", "o"),
    ("◔", "c"),
    ("“", "\""),
    ("”", "\""),
    ("‘", "'"),
    ("’", "'"),
    ("–", "-"),
    ("—", "-"),
    ("█", "#"),
];

/// Where a text goes on to the left, and to the right. In ASCII a `~` before a path would be taken for the home.
pub fn cut() -> (&'static str, &'static str) {
    if Charset::spoken() == Charset::Utf8 { (CUT, CUT) } else { ("<", ">") }
}

/// The mark behind the column that the rows are sorted by. In ASCII it looks like a letter, and stands apart.
pub fn sorted(order: Order) -> String {
    let mark = if order == Order::Asc { SORTED.0 } else { SORTED.1 };
    if Charset::spoken() == Charset::Utf8 { mark.to_owned() } else { format!(" {mark}") }
}

/// A character of ours in ASCII. Every other one was escaped by `domain::Untrusted`; what came past it anyway
/// has none.
pub fn in_ascii(symbol: &str) -> Option<&'static str> {
    IN_ASCII.iter().find(|(ours, _)| *ours == symbol).map(|(_, ascii)| *ascii)
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn each_stands_for_one_and_is_as_wide() {
        for (at, (ours, ascii)) in IN_ASCII.iter().enumerate() {
            assert!(ascii.is_ascii() && ascii.len() == ours.width(), "{ours}");
            assert_eq!(IN_ASCII.iter().position(|(other, _)| other == ours), Some(at), "{ours} stands there twice");
        }
        let (done, failed, waits) = STEPS;
        for ours in [POINTER.trim(), DOT, done, failed, waits, NEXT, STEP, BETWEEN, SORTED.0, SORTED.1, BELOW, ABOVE] {
            assert!(in_ascii(ours).is_some(), "{ours}");
        }
    }
}
