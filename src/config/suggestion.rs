//! Did you mean …?

/// The name that is nearest to `wrong`, if one is near enough to be meant: at most 2 edits, and fewer than its length.
pub(crate) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|name| (edits(wrong, name), *name));
    near.filter(|(edits, name)| *edits <= 2 && *edits < name.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// How many characters must be changed, added or removed to make `b` of `a` (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("time_out", "timeout", 1)] {
            assert_eq!((edits(a, b), edits(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn only_what_may_be_meant_is_offered() {
        let names = ["timeout", "connect_timeout", "data"];
        assert_eq!(nearest("time_out", &names), Some("timeout"));
        assert_eq!(nearest("dat", &names), Some("data"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(nearest("x", &["ab", "a"]), None);
    }
}
