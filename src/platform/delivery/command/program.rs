//! The word of a command that will be run.

/// The word that will be run, if it can be told without being a shell: settings of variables before it are skipped.
pub(crate) fn first(command: &str) -> Option<&str> {
    let is_setting = |word: &&str| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let word = command.split_whitespace().find(|word| !is_setting(word))?;
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || "/._-+:@,%".contains(c));
    // A variable's value with a quote in it may hold blanks, so that this is no word at all.
    (is_plain && !command[..command.find(word)?].contains(['"', '\'', '\\', '$', '`', '('])).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_runs_is_found_if_it_can_be_told() {
        for (command, word) in [
            ("pass insert -m a/b", Some("pass")),
            ("  A=1 B= /usr/bin/env x", Some("/usr/bin/env")),
            ("cat>file", None),
            ("\"my command\" x", None),
            ("A=\"b c\" d", None),
            ("$CMD", None),
            ("{ cat; }", None),
            ("A=1", None),
        ] {
            assert_eq!(first(command), word, "{command}");
        }
    }
}
