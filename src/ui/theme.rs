//! How things look: the only file that names a colour or a border character.
//!
//! Only the terminal's own 16 colours and its own background, and never colour alone: each state has a
//! word and a mark.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::model::Status;

/// The page's title and a dialog's.
pub const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
/// What is said in passing: breadcrumb, hints, names of facts. Dim, not grey: some palettes hide grey.
pub const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
/// Names of columns.
pub const COLUMN: Style = Style::new().add_modifier(Modifier::UNDERLINED);
/// The press in a hint.
pub const PRESS: Style = Style::new().fg(Color::Cyan);
/// The mark of the selected row: two cells, so that a held key costs few bytes.
pub const MARK: Style = Style::new().fg(Color::Cyan).add_modifier(Modifier::REVERSED);
/// The focused field or button.
pub const FOCUS: Style = Style::new().add_modifier(Modifier::REVERSED);
/// What went wrong.
pub const ERROR: Style = Style::new().fg(Color::Red);
/// What deserves a second look.
pub const WARNING: Style = Style::new().fg(Color::Yellow);
/// Where real keys are at stake.
pub const LOUD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED.union(Modifier::BOLD));
/// What went well.
pub const GOOD: Style = Style::new().fg(Color::Green);
/// A revealed secret: alone on its line, as it is.
pub const SECRET: Style = Style::new().add_modifier(Modifier::BOLD);

/// Around dialogs.
pub const BORDER: border::Set<'static> = border::PLAIN;
/// The selected row.
pub const POINTER: &str = "▶ ";
/// A hidden character of a secret.
pub const DOT: &str = "•";
/// A step that is done, one that failed, one that is under way.
pub const STEPS: (&str, &str, &str) = ("✓", "×", "…");
/// Before what to do next.
pub const NEXT: &str = "→";
/// Between the steps of a path.
pub const STEP: &str = "›";
/// The chosen one of several, and another.
pub const CHOSEN: (&str, &str) = ("(•)", "( )");

/// A status with its mark.
#[must_use]
pub const fn status(status: Status) -> (&'static str, Style) {
    match status {
        Status::Active => ("● active", GOOD),
        Status::Inactive => ("○ inactive", WARNING),
        Status::Expired => ("× expired", ERROR),
    }
}
