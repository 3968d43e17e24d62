//! Text as it is searched and sorted: without regard to case.

use std::fmt::Write;

use rusqlite::Row;

/// Folds case, character by character, so that a part of a text folds to a part of the folded text.
/// (`str::to_lowercase` looks at what stands around a sigma.)
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// What the search index reads of a key, in SQL: ID and label, folded. The line ends let the last one and two
/// characters start a trigram too, so that a search for one or two characters is a search for trigrams that begin so.
pub(crate) const DOCUMENT: &str = "lower(id) || char(10) || label_fold || char(10, 10)";

/// What a user searches for.
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

    pub(crate) fn is_in(&self, id: &str, label_fold: &str) -> bool {
        label_fold.contains(&self.folded) || id.contains(&self.upper)
    }

    /// [`is_in`](Self::is_in) for a row with the ID and the folded label in these columns.
    pub(crate) fn is_in_row(&self, row: &Row<'_>, id: usize, label_fold: usize) -> rusqlite::Result<bool> {
        Ok(self.is_in(row.get_ref(id)?.as_str()?, row.get_ref(label_fold)?.as_str()?))
    }

    /// The folded text, when it is too short to have a trigram.
    pub(crate) fn short(&self) -> Option<&str> {
        (self.folded.chars().count() < 3).then_some(&self.folded)
    }

    /// The full-text query: every trigram of the needle. A dozen say enough, since each hit is looked at.
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
    fn a_part_of_a_text_folds_to_a_part_of_it() {
        for text in ["Grafana – ZÜRICH", "İstanbul", "ΣΊΣΥΦΟΣ", "Straẞe", "東京 Бэкап", "ǅ"] {
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
    fn needles_match_id_and_label() {
        assert!(Needle::new("zürich").is_in("PK1", &fold("Grafana – ZÜRICH")));
        assert!(Needle::new("pk1").is_in("PK1", ""));
        assert!(!Needle::new("pk2").is_in("PK1", "x"));
        assert_eq!(Needle::new("ab\"c").trigrams(), "\"ab\"\"\" AND \"b\"\"c\"");
        assert_eq!(Needle::new("ÄB").short(), Some("äb"));
    }
}
