//! The one way of text to the terminal: one line, nothing in it that is obeyed, nothing that cannot be shown.

use crate::domain::{Charset, Untrusted, is_invisible};
use crate::platform::terminal_kind::TerminalKind;

/// What text comes through.
#[derive(Clone, Copy)]
pub(crate) struct Sanitizer {
    /// Whether the terminal has nothing but ASCII.
    ascii: bool,
}

impl Sanitizer {
    /// For the terminal of this environment.
    pub(crate) fn here() -> Self {
        Self { ascii: TerminalKind::here().charset == Charset::Ascii }
    }

    /// The text as it is said.
    pub(crate) fn line(self, text: &str) -> String {
        let line = Untrusted::new(text).to_display(usize::MAX);
        if !self.ascii || line.is_ascii() {
            return line;
        }
        let ascii = line.chars().map(|c| match c {
            '…' => "...".to_owned(),
            '“' | '”' => "\"".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => c.escape_unicode().to_string(),
        });
        ascii.collect()
    }

    /// Whether a text is shown as it is.
    pub(crate) fn shows_all_of(self, text: &str) -> bool {
        !text.chars().any(|c| c.is_control() || is_invisible(c) || self.ascii && !c.is_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        let (utf8, ascii) = (Sanitizer { ascii: false }, Sanitizer { ascii: true });
        assert_eq!(utf8.line("a\r\nb\u{1b}[2Jé…"), "a^M\\nb^[[2Jé…");
        assert_eq!(ascii.line("a\r\nb\u{1b}[2Jé…"), "a^M\\nb^[[2J\\u{e9}...");
        assert!(utf8.shows_all_of("é") && !ascii.shows_all_of("é"));
        assert!(!utf8.shows_all_of("sk_\u{1b}[2J") && !utf8.shows_all_of("sk_\u{200b}"));
    }
}
