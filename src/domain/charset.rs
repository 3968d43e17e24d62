//! The characters that the output may have.

use std::sync::atomic::{AtomicBool, Ordering};

/// What the terminal can show. Everything is written for UTF-8, and translated where that is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Every character.
    Utf8,
    /// The 95 printable ones of ASCII; every other character is written as `\u{..}`.
    Ascii,
}

/// The process's charset. One for all, as the locale is that says it: text is escaped in many places, errors among
/// them, and each must come to the same.
static ASCII: AtomicBool = AtomicBool::new(false);

impl Charset {
    /// The charset of a locale's name, such as `de_DE.UTF-8` or `C.utf8@variant`. The name counts, and not whether
    /// that locale is installed here: the terminal is elsewhere.
    pub fn of_locale(name: &str) -> Self {
        let codeset = name.split('@').next().and_then(|name| name.split_once('.')).map(|(_, codeset)| codeset);
        let is_utf8 = codeset.is_some_and(|c| ["UTF-8", "UTF8"].iter().any(|name| c.eq_ignore_ascii_case(name)));
        if is_utf8 { Self::Utf8 } else { Self::Ascii }
    }

    /// From now on, [`Untrusted`](super::Untrusted) writes so.
    pub fn speak(self) {
        ASCII.store(self == Self::Ascii, Ordering::Relaxed);
    }

    /// The one that is spoken: UTF-8 until told otherwise.
    pub fn spoken() -> Self {
        if ASCII.load(Ordering::Relaxed) { Self::Ascii } else { Self::Utf8 }
    }

    /// What stands for the rest of a text that was cut: one cell wide.
    pub const fn ellipsis(self) -> char {
        match self {
            Self::Utf8 => '…',
            Self::Ascii => '~',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
