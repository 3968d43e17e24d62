//! Text in lines of so many cells.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme;

/// Breaks a text at its line feeds, and at words. A word longer than a line is cut into lines.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(line, width)).collect()
}

fn wrap_line(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word.to_owned();
        loop {
            let current = lines.last_mut().map_or(0, |line| line.width());
            let gap = usize::from(current > 0);
            if current + gap + rest.width() <= width || width == 0 {
                if let Some(line) = lines.last_mut() {
                    line.push_str(&" ".repeat(gap));
                    line.push_str(&rest);
                }
                break;
            }
            if current > 0 {
                lines.push(String::new());
                continue;
            }
            let (head, tail) = rest.split_at(within(rest.graphemes(true), width));
            if head.is_empty() {
                break;
            }
            lines.pop();
            lines.extend([head.to_owned(), String::new()]);
            rest = tail.to_owned();
        }
    }
    lines
}

/// A word that fits: of a long one, such as a path, the start and more of the end.
pub fn squeezed(word: &str, width: usize) -> String {
    if word.width() <= width || width == 0 {
        return word.to_owned();
    }
    let end = (width - 1) * 2 / 3;
    let head = within(word.graphemes(true), width - 1 - end);
    let tail = within(word.graphemes(true).rev(), end);
    format!("{}{}{}", &word[..head], theme::CUT, &word[word.len() - tail..])
}

/// How many bytes of these fit into so many cells.
pub fn within<'a>(graphemes: impl Iterator<Item = &'a str>, cells: usize) -> usize {
    let mut used = 0;
    let fit = graphemes.take_while(|g| {
        used += g.width();
        used <= cells
    });
    fit.map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_words_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("one two:\nthree", 20), ["one two:", "three"]);
        assert_eq!(wrap("\u{6771}\u{4eac}", 1), [""]);
        assert_eq!(squeezed("/home/somebody/new.secret", 13), "/hom…w.secret");
    }
}
