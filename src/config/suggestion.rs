//! Did you mean …?

/// The name closest to `wrong`, if it is close enough: at most 2 edits, and fewer than its length.
pub(crate) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|name| (strsim::levenshtein(wrong, name), *name));
    near.filter(|(edits, name)| *edits <= 2 && *edits < name.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_meant_is_offered() {
        let names = ["timeout", "connect_timeout", "data"];
        assert_eq!(nearest("time_out", &names), Some("timeout"));
        assert_eq!(nearest("dat", &names), Some("data"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(nearest("x", &["ab", "a"]), None);
    }
}
