//! Texts that may be taken for others.

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::{MixedScript as _, skeleton};

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

/// Whether a word has letters that no word has together: Latin and Cyrillic, say. Between words anything may change.
pub(crate) fn mixes_scripts(text: &str) -> bool {
    !text.is_ascii() && text.split(|c: char| !c.is_alphabetic()).any(is_odd)
}

/// A mixed word is odd if one of its letters can be taken for a Latin one: `µService` and `ΔT` are not.
fn is_odd(word: &str) -> bool {
    if word.is_ascii() {
        return false;
    }
    let has_latin = word.contains(|c: char| c.is_ascii_alphabetic());
    has_latin && word.contains(is_variant) || !word.is_single_script() && word.contains(looks_latin)
}

/// A letter of ASCII in another width or style. The ordinals of Spanish and Portuguese are written
/// behind others (`Mª`).
fn is_variant(c: char) -> bool {
    let mut plain = std::iter::once(c).nfkc();
    !c.is_ascii()
        && !"ªº".contains(c)
        && plain.next().is_some_and(|c| c.is_ascii_alphabetic())
        && plain.next().is_none()
}

/// A letter of another alphabet that looks like one of ASCII (UTS 39, section 4). Scripts without such alphabets stand
/// beside Latin in one word (UTS 39, section 5.2), whatever one of their letters may look like.
fn looks_latin(c: char) -> bool {
    let script = c.script();
    if BESIDE_LATIN.contains(&script) {
        return false;
    }
    let mut like = skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>();
    like.len() == 1 && like.pop().is_some_and(|c| c.is_ascii_alphabetic())
}

/// The recommended scripts (UAX 31, table 5) without Armenian, Cyrillic and Greek.
const BESIDE_LATIN: [Script; 30] = [
    Script::Common,
    Script::Inherited,
    Script::Latin,
    Script::Arabic,
    Script::Bengali,
    Script::Bopomofo,
    Script::Devanagari,
    Script::Ethiopic,
    Script::Georgian,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Hangul,
    Script::Han,
    Script::Hebrew,
    Script::Hiragana,
    Script::Kannada,
    Script::Katakana,
    Script::Khmer,
    Script::Lao,
    Script::Malayalam,
    Script::Myanmar,
    Script::Oriya,
    Script::Sinhala,
    Script::Tamil,
    Script::Telugu,
    Script::Thaana,
    Script::Thai,
    Script::Tibetan,
    Script::Yi,
    Script::Mongolian,
];

#[cfg(test)]
mod tests {
    use crate::domain::display::untrusted::confusable::*;

    use crate::domain::Untrusted;

    #[test]
    fn letters_that_look_alike_are_found() {
        for text in [
            "p\u{430}ypal",
            "\u{430}dmin",
            "nightly b\u{3b1}ckup",
            "\u{ff41}dmin",
            "paypa\u{217c}",
            "\u{1d41a}dmin",
            "\u{3bf}ps",
            "\u{441}loud",
            "G\u{43e}\u{43e}gle",
            "\u{585}ps team",
            "\u{13a0}dmin",
            "b\u{430}ckup 東京",
            "Micr\u{43e}soft",
            "\u{41c}icrosoft",
            "\u{3a1}rod",
        ] {
            assert!(mixes_scripts(text), "{text}");
            assert!(Untrusted::new(text).identity(40).starts_with("! "), "{text}");
        }
    }

    #[test]
    fn what_people_write_is_not() {
        for text in [
            "",
            "nightly backup 2",
            "Sauvegarde de nuit \u{e9}t\u{e9}",
            "Москва backup",
            "Резервное копирование №5",
            "東京 prod",
            "東京prod",
            "バックアップ用",
            "ﾊﾞｯｸｱｯﾌﾟ",
            "ｻｰﾊﾞｰserver",
            "ＡＤＭＩＮ",
            "백업 서버",
            "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}",
            "ㅋㅋ 백업backup",
            "สำรองข้อมูลประจำวัน",
            "น้ำ server",
            "เซิร์ฟเวอร์web",
            "µService",
            "μService",
            "ΔT sensor",
            "Ωmega",
            "5 kΩ",
            "αντίγραφο ασφαλείας",
            "Կրկնօրինակ",
            "סרוויס גיבוי",
            "שָׁלוֹם",
            "نسخة احتياطية",
            "پشتیبان",
            "बैकअप सर्वर",
            "ব্যাকআপ",
            "காப்பு பிரதி",
            "బ్యాకప్",
            "ಬ್ಯಾಕಪ್",
            "ബാക്കപ്പ്",
            "បម្រុងទុក",
            "ສຳຮອງ",
            "အရန်ကူး",
            "სარეზერვო ასლი",
            "የመጠባበቂያ ቅጂ",
            "備份伺服器ㄅㄆ",
            "Mª José",
            "oﬃce ﬁle",
            "Tiếng Việt",
            "İstanbul ığüşöç",
            "na\u{ef}ve \u{2013} \u{201c}ops\u{201d} \u{2192} x",
            "e\u{301}te\u{301}",
        ] {
            assert!(!mixes_scripts(text), "{text}");
            assert!(!Untrusted::new(text).identity(40).starts_with('!'), "{text}");
        }
    }
}
