//! Texts that may be taken for others.

use unicode_security::RestrictionLevel::ModeratelyRestrictive;
use unicode_security::RestrictionLevelDetection as _;

/// Why a text may not be what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfusableWarning {
    /// It holds what cannot be seen on any screen, and is not shown as it came.
    Unseen,
    /// A word of it mixes scripts whose letters look alike.
    Scripts,
}

impl ConfusableWarning {
    /// The doubt in a few words, for a line of its own.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unseen => "! Contains invisible characters, shown escaped",
            Self::Scripts => "! Mixed scripts: some letters may not be what they seem",
        }
    }
}

/// Whether a word has letters that no word has together: Latin and Cyrillic, say.
///
/// By the restriction levels of UTS 39, section 5.2: Latin may stand with one other script, but not with Greek or
/// Cyrillic. Between words anything may change.
pub(crate) fn mixes_scripts(text: &str) -> bool {
    let is_odd = |word: &str| !word.is_ascii() && !word.check_restriction_level(ModeratelyRestrictive);
    !text.is_ascii() && text.split(|c: char| !c.is_alphabetic()).any(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_alike_are_found() {
        for text in ["p\u{430}ypal", "\u{430}dmin", "nightly b\u{3b1}ckup", "\u{ff41}dmin"] {
            assert!(mixes_scripts(text), "{text}");
        }
    }

    #[test]
    fn what_people_write_is_not() {
        for text in [
            "",
            "nightly backup 2",
            "Sauvegarde de nuit \u{e9}t\u{e9}",
            "\u{41c}\u{43e}\u{441}\u{43a}\u{432}\u{430} backup",
            "\u{6771}\u{4eac} prod",
            "\u{6771}\u{4eac}prod",
            "\u{30d0}\u{30c3}\u{30af}\u{30a2}\u{30c3}\u{30d7}\u{7528}",
            "\u{5d2}\u{5d9}\u{5d1}\u{5d5}\u{5d9}",
            "na\u{ef}ve \u{2013} \u{201c}ops\u{201d} \u{2192} x",
            "e\u{301}te\u{301}",
        ] {
            assert!(!mixes_scripts(text), "{text}");
        }
    }
}
