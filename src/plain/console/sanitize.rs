//! The one way of text to the terminal: one line, nothing in it that is obeyed, nothing that cannot be shown.

use std::env;

use crate::domain::{Untrusted, is_invisible};

/// What text comes through.
#[derive(Clone, Copy)]
pub(crate) struct Sanitizer {
    /// Whether the terminal has nothing but ASCII.
    ascii: bool,
}

impl Sanitizer {
    /// For the terminal of this environment.
    pub(crate) fn here() -> Self {
        Self::of(|name| env::var(name).unwrap_or_default())
    }

    /// By the locale's name (POSIX: the first variable that is not empty), and by terminals that have glyphs of their own.
    fn of(variable: impl Fn(&str) -> String) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(&variable).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let codeset = locale.split('@').next().unwrap_or_default();
        let term = variable("TERM");
        let poor = term.starts_with("vt") || term == "linux" || term.starts_with("linux-");
        Self { ascii: poor || ![".utf-8", ".utf8"].iter().any(|utf8| codeset.ends_with(utf8)) }
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
    fn the_locale_says_what_can_be_shown() {
        let is = |name: &'static str, value: &'static str| {
            Sanitizer::of(move |n| if n == name { value } else { "" }.to_owned()).ascii
        };
        assert!(!is("LANG", "C.UTF-8") && !is("LC_ALL", "de_DE.utf8@euro"));
        assert!(is("LANG", "C") && is("LANG", "de_DE.ISO-8859-1") && is("TERM", "vt100") && is("TERM", ""));
    }

    #[test]
    fn a_line_stays_a_line() {
        let (utf8, ascii) = (Sanitizer { ascii: false }, Sanitizer { ascii: true });
        assert_eq!(utf8.line("a\r\nb\u{1b}[2Jé…"), "a^M\\nb^[[2Jé…");
        assert_eq!(ascii.line("a\r\nb\u{1b}[2Jé…"), "a^M\\nb^[[2J\\u{e9}...");
        assert!(utf8.shows_all_of("é") && !ascii.shows_all_of("é"));
        assert!(!utf8.shows_all_of("sk_\u{1b}[2J") && !utf8.shows_all_of("sk_\u{200b}"));
    }
}
