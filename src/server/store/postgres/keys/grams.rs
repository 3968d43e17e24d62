//! What a key is found by: hashes of every one, two and three characters in a row of its texts.
//!
//! An index of these finds short words and words of any script, which the extension `pg_trgm` does not.

use std::collections::BTreeSet;

use crate::domain::fold;

/// The most hashes that a search asks for: each hit is checked anyway.
const MOST_ASKED: usize = 12;

/// The hashes of a key's ID and folded texts.
pub(crate) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<i32> {
    let mut grams = BTreeSet::new();
    for text in texts {
        let chars: Vec<char> = text.chars().collect();
        for length in 1..=3 {
            grams.extend(chars.windows(length).map(hash));
        }
    }
    grams.into_iter().collect()
}

/// The ID as the words of a search are.
pub(crate) fn of_id(id: &str) -> String {
    fold(id)
}

/// Hashes that each key has which has all of these words.
pub(crate) fn of_words(words: &[String]) -> Vec<i32> {
    let of_each = (MOST_ASKED / words.len().max(1)).max(1);
    let mut grams = BTreeSet::new();
    for word in words {
        let chars: Vec<char> = word.chars().collect();
        let length = chars.len().min(3);
        if length > 0 {
            grams.extend(chars.windows(length).take(of_each).map(hash));
        }
    }
    grams.into_iter().take(MOST_ASKED).collect()
}

fn hash(chars: &[char]) -> i32 {
    let text: String = chars.iter().collect();
    crc32fast::hash(text.as_bytes()).cast_signed()
}

#[cfg(test)]
mod tests {
    use crate::server::store::postgres::keys::grams::*;

    #[test]
    fn a_key_has_what_its_words_ask_for() {
        let key = of_texts(["pk1", "grafana zurich", "ops"]);
        for words in [["zurich"].as_slice(), &["z", "fa"], &["pk1", "ops", "grafana"], &["ops"]] {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert!(of_words(&words).iter().all(|gram| key.contains(gram)), "{words:?}");
        }
        assert!(of_words(&["berlin".to_owned()]).iter().any(|gram| !key.contains(gram)));
        assert!(of_words(&[]).is_empty());
    }
}
