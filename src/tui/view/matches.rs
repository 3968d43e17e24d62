//! What a search found in a text.

use ratatui::text::Span;

use crate::domain::{fold, is_printable_ascii};
use crate::tui::theme;

/// A text whose parts that are one of the words are marked. The words are folded.
pub(crate) fn marked(text: &str, words: &[String]) -> Vec<Span<'static>> {
    // The folded text, and of each of its bytes the place of the character that it comes from.
    let (folded, from): (String, Vec<usize>) = match words {
        [] => return vec![Span::raw(text.to_owned())],
        _ if is_printable_ascii(text) => (fold(text), (0..text.len()).collect()),
        _ => {
            let (mut folded, mut from) = (String::new(), Vec::new());
            for (at, c) in text.char_indices() {
                let part = fold(c.encode_utf8(&mut [0; 4]));
                from.extend(std::iter::repeat_n(at, part.len()));
                folded.push_str(&part);
            }
            (folded, from)
        }
    };
    let mut is_found = vec![false; text.len()];
    for word in words.iter().filter(|word| !word.is_empty()) {
        for (begin, _) in folded.match_indices(word.as_str()) {
            for at in &from[begin..begin + word.len()] {
                is_found[*at] = true;
            }
        }
    }
    let mut spans: Vec<(String, bool)> = Vec::new();
    for (at, c) in text.char_indices() {
        // What folds to nothing, such as an accent, belongs to the character before it.
        let is_part = fold(c.encode_utf8(&mut [0; 4])).is_empty();
        match spans.last_mut() {
            Some((part, was_found)) if is_part || *was_found == is_found[at] => part.push(c),
            _ => spans.push((c.to_string(), is_found[at])),
        }
    }
    let styled = |(part, is_found)| if is_found { Span::styled(part, theme::FOUND) } else { Span::raw(part) };
    spans.into_iter().map(styled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_that_are_searched_for_are_marked() {
        for (text, words, expected) in [
            ("Nightly backup", "backup night", "[Night]ly [backup]"),
            ("nightly backup \u{2013} Z\u{fc}rich", "zurich - backup", "nightly [backup] [\u{2013}] [Z\u{fc}rich]"),
            ("zu\u{308}rich", "zurich", "[zu\u{308}rich]"),
            ("Stra\u{df}e", "ss", "Stra[\u{df}]e"),
            ("aaa", "aa", "[aa]a"),
            ("backup", "none", "backup"),
            ("backup", "", "backup"),
        ] {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let spans = marked(text, &words);
            let of = |span: &Span| {
                if span.style == theme::FOUND { format!("[{}]", span.content) } else { span.content.to_string() }
            };
            assert_eq!(spans.iter().map(of).collect::<String>(), expected);
        }
    }
}
