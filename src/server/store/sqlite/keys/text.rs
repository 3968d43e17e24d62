//! What a user searches for, and the full-text query that finds the keys which may match.

use std::fmt::Write;

use memchr::memmem::Finder;
use rusqlite::Row;

use crate::server::store::sqlite::keys::row::SEARCHED;

/// What is searched for: texts, each of which must be somewhere in a key, and texts that must not.
pub(crate) struct Needle {
    words: Vec<Word>,
    without: Vec<Word>,
}

/// A word is looked for in up to a million rows, so what a search of a text prepares is prepared once.
struct Word {
    folded: String,
    in_text: Finder<'static>,
    /// IDs are stored in upper case; no other alphabet is in them.
    in_id: Finder<'static>,
}

/// The most trigrams of a full-text query: each hit is checked anyway, and each trigram of a frequent word costs as much
/// as the first.
const MOST_TRIGRAMS: usize = 6;

impl Needle {
    /// Takes folded texts; `None` if there are none.
    pub(crate) fn new(words: &[String], without: &[String]) -> Option<Self> {
        let word = |folded: &String| Word {
            in_text: Finder::new(folded).into_owned(),
            in_id: Finder::new(&folded.to_ascii_uppercase()).into_owned(),
            folded: folded.clone(),
        };
        let [words, without] = [words, without].map(|texts| texts.iter().map(word).collect::<Vec<_>>());
        (!words.is_empty() || !without.is_empty()).then_some(Self { words, without })
    }

    /// Whether there is a text that must be in a key.
    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether an ID and folded texts, all in UTF-8, hold what they must hold and nothing that they must not.
    pub(crate) fn is_in(&self, id: &[u8], folded: &[&[u8]]) -> bool {
        let is_there =
            |word: &Word| folded.iter().any(|text| word.in_text.find(text).is_some()) || word.in_id.find(id).is_some();
        self.words.iter().all(is_there) && !self.without.iter().any(is_there)
    }

    /// The same of a row that has [`SEARCHED`] as its first columns.
    pub(crate) fn is_in_row(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let mut searched = [&b""[..]; SEARCHED.len()];
        for (column, text) in searched.iter_mut().enumerate() {
            *text = row.get_ref(column)?.as_bytes()?;
        }
        let [id, folded @ ..] = searched;
        Ok(self.is_in(id, &folded))
    }

    /// The longest word, when none is long enough to have a trigram.
    pub(crate) fn short(&self) -> Option<&str> {
        let longest = self.words.iter().max_by_key(|word| word.folded.chars().count())?;
        (longest.folded.chars().count() < 3).then_some(&longest.folded)
    }

    /// The full-text query: trigrams of each word, as far apart as there is room for.
    pub(crate) fn trigrams(&self) -> String {
        let of_each = (MOST_TRIGRAMS / self.words.len().max(1)).max(1);
        let mut trigrams: Vec<String> = Vec::new();
        for word in &self.words {
            let chars: Vec<char> = word.folded.chars().collect();
            let all: Vec<&[char]> = chars.windows(3).collect();
            let taken = all.len().min(of_each);
            let places = (0..taken).map(|n| if taken > 1 { n * (all.len() - 1) / (taken - 1) } else { 0 });
            trigrams.extend(places.map(|at| all[at].iter().collect::<String>()));
        }
        trigrams.sort_unstable();
        trigrams.dedup();
        trigrams.truncate(MOST_TRIGRAMS);
        quoted(trigrams.iter().map(String::as_str), " AND ")
    }
}

/// FTS5 strings, joined by an operator.
pub(crate) fn quoted<'a>(terms: impl Iterator<Item = &'a str>, operator: &str) -> String {
    let mut query = String::new();
    for term in terms {
        let before = if query.is_empty() { "" } else { operator };
        // Writing to a String cannot fail.
        let _ = write!(query, "{before}\"{}\"", term.replace('"', "\"\""));
    }
    query
}

#[cfg(test)]
mod tests {
    use crate::server::store::sqlite::keys::text::*;

    use crate::domain::{fold, words};

    fn needle(text: &str) -> Needle {
        Needle::new(&words(text).collect::<Vec<_>>(), &[]).unwrap()
    }

    #[test]
    fn needles_match_id_and_texts_together() {
        let zurich = fold("Grafana – ZÜRICH");
        assert!(needle("zürich").is_in(b"PK1", &[zurich.as_bytes()]));
        assert!(needle("pk1").is_in(b"PK1", &[b""]));
        assert!(!needle("pk2").is_in(b"PK1", &[b"x"]));
        assert!(needle("ops pk1 zurich").is_in(b"PK1", &[zurich.as_bytes(), b"ops"]));
        assert!(!needle("ops pk1 berlin").is_in(b"PK1", &[zurich.as_bytes(), b"ops"]));
        assert_eq!(needle("ab\"c").trigrams(), "\"ab\"\"\" AND \"b\"\"c\"");
        assert_eq!(needle("backup ab zur").trigrams(), "\"bac\" AND \"kup\" AND \"zur\"");
        assert_eq!(
            needle("passportal-sync").trigrams(),
            "\"l-s\" AND \"pas\" AND \"por\" AND \"ssp\" AND \"tal\" AND \"ync\""
        );
        assert_eq!(needle("nightly backup of the mail server in ams-03 berlin").trigrams().matches(" AND ").count(), 5);
        assert_eq!(needle("ÄB c").short(), Some("ab"));
        assert!(Needle::new(&[], &[]).is_none());
        let without = Needle::new(&["ops".to_owned()], &["zurich".to_owned(), "k2".to_owned()]).unwrap();
        assert!(without.is_in(b"PK1", &[b"ops"]) && !without.is_in(b"PK2", &[b"ops"]));
        assert!(!without.is_in(b"PK1", &[b"ops", b"in zurich"]));
    }
}
