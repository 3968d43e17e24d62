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
}

/// The word that is most like another one, if it may have been meant.
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(known, word);
    let near = known.into_iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(near) > 0.8).then_some(near)
}

impl SearchError {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
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
