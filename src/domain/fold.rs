//! Text as it is searched and sorted: what looks alike or is typed alike is the same.

use unicode_normalization::UnicodeNormalization as _;

use crate::domain::display::untrusted::is_invisible;

/// Folds a text: without regard to case, accents, width, kind of dash, and characters that draw nothing. Character by
/// character, so that a part of a text folds to a part of the folded text. It stays decomposed: `h` and `ha` in Hangul
/// begin what `han` does.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    // To lower case twice: what a compatibility character decomposes to may be in upper case.
    for c in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        if !is_accent(c) && !is_invisible(c) {
            fold_char(c, &mut folded);
        }
    }
    folded
}

/// The words of a text that is searched for, folded.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter()
}

/// Marks that alphabets put above, below or into their letters, and the points of Hebrew and Arabic, which are mostly left
/// out. The vowels of other scripts are marks too, and are letters to their readers; so is the mark that makes か to が.
const fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Letters and dashes that Unicode does not take apart.
fn fold_char(c: char, to: &mut String) {
    match c {
        'ς' => to.push('σ'),
        'ß' => to.push_str("ss"),
        'æ' => to.push_str("ae"),
        'œ' => to.push_str("oe"),
        'ø' => to.push('o'),
        'ł' => to.push('l'),
        'đ' | 'ð' => to.push('d'),
        'ħ' => to.push('h'),
        'ı' => to.push('i'),
        '\u{58a}'
        | '\u{5be}'
        | '\u{1806}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2e3a}'..='\u{2e3b}'
        | '\u{301c}'
        | '\u{3030}' => to.push('-'),
        _ => to.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 12] = [
        "Grafana – ZÜRICH",
        "İstanbul",
        "ΣΊΣΥΦΟΣ",
        "Straẞe",
        "東京 Бэкап",
        "ǅ",
        "Łódź",
        "ﾊﾞｯｸｱｯﾌﾟ",
        "한국어",
        "สำรองข้อมูล",
        "№ 5 ㎒ ﬁ Ⅻ",
        "שָׁלוֹם مُحَمَّد",
    ];

    #[test]
    fn a_part_of_a_text_folds_to_a_part_of_it() {
        for text in TEXTS {
            let whole = fold(text);
            let chars: Vec<char> = text.chars().collect();
            for from in 0..chars.len() {
                for to in from..=chars.len() {
                    let part: String = chars[from..to].iter().collect();
                    assert!(whole.contains(&fold(&part)), "{part} in {text}");
                }
            }
        }
    }

    #[test]
    fn the_forms_of_a_text_fold_to_one() {
        for text in TEXTS {
            let folded = fold(text);
            let forms: [String; 4] =
                [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect()];
            for form in forms {
                assert_eq!(fold(&form), folded, "{text}");
            }
            assert_eq!(fold(&folded), folded, "{text}");
            assert_eq!(fold(&text.to_uppercase()), folded, "{text}");
        }
    }

    #[test]
    fn what_is_typed_finds_what_is_meant() {
        for (typed, text) in [
            ("zurich", "Zürich"),
            ("ZÜRICH", "zu\u{308}rich"),
            ("büro", "BU\u{308}RO"),
            ("fra-01", "fra–01"),
            ("fra—01", "FRA-01"),
            ("a−b", "a‐b"),
            ("lodz", "Łódź"),
            ("strasse", "STRAẞE"),
            ("malmo", "Malmø"),
            ("istanbul", "İstanbul"),
            ("ｂａｃｋｕｐ", "Backup"),
            ("バックアップ", "ﾊﾞｯｸｱｯﾌﾟ"),
            ("елка", "Ёлка"),
            ("αθηνα", "ΑΘΉΝΑ"),
            ("שלום", "שָׁלוֹם"),
            ("nightly backup", "night\u{ad}ly\u{a0}backup"),
            ("한", "한국어"),
        ] {
            assert!(fold(text).contains(&fold(typed)), "{typed} in {text}");
        }
        for (typed, text) in [("か", "がぎ"), ("ก่า", "กา"), ("कि", "का"), ("zurich", "Zörich")] {
            assert!(!fold(text).contains(&fold(typed)) || typed == "か", "{typed} in {text}");
        }
    }

    #[test]
    fn words_are_without_order() {
        let words = |text| words(text).collect::<Vec<_>>();
        assert_eq!(words(" Zürich  nightly\u{3000}BACKUP nightly "), ["backup", "nightly", "zurich"]);
        assert_eq!(words("backup nightly zurich"), words("zurich backup nightly"));
        assert!(words(" \u{a0} ").is_empty());
    }
}
