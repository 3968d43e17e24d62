//! Why a text is not a search.

use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

/// Why a text is not in the language, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SearchError {
    /// The place of what is wrong, in bytes of the text.
    pub at: Range<usize>,
    /// What is wrong, and what is possible.
    pub message: String,
    /// Whether it may be right when more is typed at its end.
    pub is_unfinished: bool,
}

impl SearchError {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), is_unfinished: false }
    }

    /// The text and, below it, marks under what is wrong. Control characters are left out.
    pub fn marked(&self, text: &str) -> String {
        let (mut shown, mut marks) = (String::new(), String::new());
        for (place, c) in text.char_indices().filter(|(_, c)| !c.is_control()) {
            shown.push(c);
            let mark = if self.at.contains(&place) { '^' } else { ' ' };
            marks.extend(std::iter::repeat_n(mark, c.width().unwrap_or(0)));
        }
        if self.at.start >= text.len() {
            marks.push('^');
        }
        format!("{shown}\n{}", marks.trim_end())
    }
}
