//! Labels that our users give to keys.

/// A label that a user may give: up to 100 characters, none of them a control character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label(String);

/// Why a text is not a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// More than [`Label::MAX_CHARS`]; holds how many there are.
    #[error("label: {0} characters; at most 100 are allowed")]
    TooLong(usize),
    /// A control character; holds its place, counted from 1.
    #[error("label: character {0} is a control character, which is not allowed")]
    Control(usize),
}

impl Label {
    /// The most characters (Unicode scalar values) of a label (HTTP contract, part B).
    pub const MAX_CHARS: usize = 100;

    /// Checks a label. The empty one is a label too.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        if let Some(at) = text.chars().position(char::is_control) {
            return Err(LabelError::Control(at + 1));
        }
        match text.chars().count() {
            n if n > Self::MAX_CHARS => Err(LabelError::TooLong(n)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The label's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        assert_eq!(Label::parse(""), Ok(Label::default()));
        assert!(Label::parse(&"é".repeat(100)).is_ok());
        assert_eq!(Label::parse(&"é".repeat(101)), Err(LabelError::TooLong(101)));
        assert_eq!(Label::parse("a\u{1b}[31m"), Err(LabelError::Control(2)));
        assert_eq!(Label::parse("a\u{85}"), Err(LabelError::Control(2)));
    }
}
