//! Text as it is searched and sorted, the same for every engine: without regard to case.

/// Folds case, character by character, so that a part of a text folds to a part of the folded text.
/// (`str::to_lowercase` looks at the characters around a sigma.)
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
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
}
