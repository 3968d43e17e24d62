//! What a user searches for, and the full-text query that finds the keys which may match.

use std::fmt::Write;

use rusqlite::Row;

use super::row::SEARCHED;
use crate::server::store::fold::fold;

/// A text to search for.
pub(crate) struct Needle {
    folded: String,
    /// IDs are stored in upper case; no other alphabet is in them.
    upper: String,
}

impl Needle {
    pub(crate) fn new(text: &str) -> Self {
        let folded = fold(text);
        Self { upper: folded.to_ascii_uppercase(), folded }
    }

    /// Whether the text is in an ID or in one of these folded texts.
    pub(crate) fn is_in(&self, id: &str, folded: &[&str]) -> bool {
        folded.iter().any(|text| text.contains(&self.folded)) || id.contains(&self.upper)
    }

    /// Whether the text is in a row that has [`SEARCHED`] as its first columns.
    pub(crate) fn is_in_row(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let mut searched = [""; SEARCHED.len()];
        for (column, text) in searched.iter_mut().enumerate() {
            *text = row.get_ref(column)?.as_str()?;
        }
        let [id, folded @ ..] = searched;
        Ok(self.is_in(id, &folded))
    }

    /// The folded text, when it is too short to have a trigram.
    pub(crate) fn short(&self) -> Option<&str> {
        (self.folded.chars().count() < 3).then_some(&self.folded)
    }

    /// The full-text query: every trigram of the needle. A dozen are enough, since each hit is checked.
    pub(crate) fn trigrams(&self) -> String {
        let chars: Vec<char> = self.folded.chars().collect();
        let mut trigrams: Vec<String> = chars.windows(3).map(|three| three.iter().collect()).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        trigrams.truncate(12);
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

    #[test]
    fn needles_match_id_and_label() {
        assert!(Needle::new("zürich").is_in("PK1", &[&fold("Grafana – ZÜRICH")]));
        assert!(Needle::new("pk1").is_in("PK1", &[""]));
        assert!(!Needle::new("pk2").is_in("PK1", &["x"]));
        assert_eq!(Needle::new("ab\"c").trigrams(), "\"ab\"\"\" AND \"b\"\"c\"");
        assert_eq!(Needle::new("ÄB").short(), Some("äb"));
    }
}
