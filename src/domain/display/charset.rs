//! The characters that the output may have.

use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::domain::display::ambiguous::is_ambiguous;

/// What the terminal can show. Everything is written for UTF-8, and translated where that is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Every character.
    Utf8,
    /// Every character; those of ambiguous width (UAX 11: `é`, `…`, `●`, Greek, Cyrillic) take two cells, as terminals with
    /// an East Asian font may draw them.
    Wide,
    /// The 95 printable ones of ASCII; every other character is written as `\u{..}`.
    Ascii,
}

/// The process's charset. One for all, as the locale is that says it: text is escaped in many places, errors among
/// them, and each must come to the same.
static SPOKEN: AtomicU8 = AtomicU8::new(Charset::Utf8 as u8);

/// Behind a character of ambiguous width, where that is two: it counts the second cell, and is never written. For private
/// use, so that no text from outside has it.
pub const SECOND_CELL: char = '\u{e000}';

impl Charset {
    /// The charset of a locale's name, such as `de_DE.UTF-8` or `C.utf8@variant`. The name counts, and not whether
    /// that locale is installed here: the terminal is elsewhere.
    pub fn of_locale(name: &str) -> Self {
        let codeset = name.split('@').next().and_then(|name| name.split_once('.')).map(|(_, codeset)| codeset);
        let is_utf8 = codeset.is_some_and(|c| ["UTF-8", "UTF8"].iter().any(|name| c.eq_ignore_ascii_case(name)));
        if is_utf8 { Self::Utf8 } else { Self::Ascii }
    }

    /// From now on, [`Untrusted`](crate::domain::Untrusted) writes so.
    pub fn speak(self) {
        SPOKEN.store(self as u8, Ordering::Relaxed);
    }

    /// The one that is spoken: UTF-8 until told otherwise.
    pub fn spoken() -> Self {
        let spoken = SPOKEN.load(Ordering::Relaxed);
        [Self::Wide, Self::Ascii].into_iter().find(|charset| *charset as u8 == spoken).unwrap_or(Self::Utf8)
    }

    /// What marks the rest of a text that was cut: one cell wide.
    pub const fn ellipsis(self) -> char {
        match self {
            Self::Utf8 => '…',
            Self::Wide | Self::Ascii => '~',
        }
    }

    /// Whether a character takes two cells in this charset and one in others.
    pub fn widens(self, c: char) -> bool {
        self == Self::Wide && is_ambiguous(c)
    }
}

/// How many cells characters of ambiguous width take, as the setting `ambiguous_width` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmbiguousWidth {
    /// The terminal is asked.
    #[default]
    Auto,
    /// One.
    Narrow,
    /// Two.
    Wide,
}

impl FromStr for AmbiguousWidth {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "auto" => Self::Auto,
            "narrow" => Self::Narrow,
            "wide" => Self::Wide,
            _ => return Err("ambiguous_width is one of auto, narrow, wide".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::display::charset::*;

    #[test]
    fn only_ambiguous_characters_widen() {
        for c in ['é', '…', '●', 'Я', 'α', '▶', '–'] {
            assert!(Charset::Wide.widens(c) && !Charset::Utf8.widens(c), "{c}");
        }
        for c in ['a', '~', '東', '\u{301}', '✓', '›', '🔑', SECOND_CELL] {
            assert!(!Charset::Wide.widens(c), "{c}");
        }
    }

    #[test]
    fn a_locale_says_its_charset() {
        for name in ["C.UTF-8", "de_DE.utf8", "en_US.UTF-8@x", "ja_JP.Utf-8"] {
            assert_eq!(Charset::of_locale(name), Charset::Utf8, "{name}");
        }
        for name in ["", "C", "POSIX", "de_DE", "de_DE.ISO-8859-15@euro", "ja_JP.eucJP", "utf8", "x@.utf8"] {
            assert_eq!(Charset::of_locale(name), Charset::Ascii, "{name}");
        }
    }
}
