//! What a user searches for, and the full-text query that finds the keys which may match.

use std::fmt::Write;

use rusqlite::Row;

use super::row::SEARCHED;
use crate::domain::words;

/// What is searched for: words, each of which must be somewhere in a key.
pub(crate) struct Needle(Vec<Word>);

struct Word {
    folded: String,
    /// IDs are stored in upper case; no other alphabet is in them.
    upper: String,
}

/// The most trigrams of a full-text query: each hit is checked anyway.
const MOST_TRIGRAMS: usize = 12;

impl Needle {
    /// The words of a text; `None` if it has none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let words: Vec<_> = words(text).map(|folded| Word { upper: folded.to_ascii_uppercase(), folded }).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether each word is in an ID or in one of these folded texts.
    pub(crate) fn is_in(&self, id: &str, folded: &[&str]) -> bool {
        self.0.iter().all(|word| folded.iter().any(|text| text.contains(&word.folded)) || id.contains(&word.upper))
    }

    /// Whether each word is in a row that has [`SEARCHED`] as its first columns.
    pub(crate) fn is_in_row(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let mut searched = [""; SEARCHED.len()];
        for (column, text) in searched.iter_mut().enumerate() {
            *text = row.get_ref(column)?.as_str()?;
        }
        let [id, folded @ ..] = searched;
        Ok(self.is_in(id, &folded))
    }

    /// The longest word, when none is long enough to have a trigram.
    pub(crate) fn short(&self) -> Option<&str> {
        let longest = self.0.iter().max_by_key(|word| word.folded.chars().count())?;
        (longest.folded.chars().count() < 3).then_some(&longest.folded)
    }

    /// The full-text query: trigrams of each word.
    pub(crate) fn trigrams(&self) -> String {
        let of_each = (MOST_TRIGRAMS / self.0.len()).max(1);
        let mut trigrams: Vec<String> = Vec::new();
        for word in &self.0 {
            let chars: Vec<char> = word.folded.chars().collect();
            trigrams.extend(chars.windows(3).take(of_each).map(|three| three.iter().collect::<String>()));
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
    use super::*;

    use crate::domain::fold;

    fn needle(text: &str) -> Needle {
        Needle::new(text).unwrap()
    }

    #[test]
    fn needles_match_id_and_texts_together() {
        assert!(needle("zürich").is_in("PK1", &[&fold("Grafana – ZÜRICH")]));
        assert!(needle("pk1").is_in("PK1", &[""]));
        assert!(!needle("pk2").is_in("PK1", &["x"]));
        assert!(needle("ops pk1 zurich").is_in("PK1", &[&fold("Zürich"), "ops"]));
        assert!(!needle("ops pk1 berlin").is_in("PK1", &[&fold("Zürich"), "ops"]));
        assert_eq!(needle("ab\"c").trigrams(), "\"ab\"\"\" AND \"b\"\"c\"");
        assert_eq!(needle("backup ab zur").trigrams(), "\"ack\" AND \"bac\" AND \"cku\" AND \"kup\" AND \"zur\"");
        assert_eq!(needle("ÄB c").short(), Some("ab"));
        assert!(Needle::new(" ").is_none());
    }
}
