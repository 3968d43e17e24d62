//! The last line of defence: a secret in a text from outside is not repeated.

use crate::domain::{KeyId, SecretKey};

/// The text without what looks like a secret or a token: by its prefix, or as 64 hex digits and more.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
        let is_secret = ["sk_", "eyJ"].iter().any(|prefix| word.contains(prefix))
            || word.trim_end_matches(|c: char| !c.is_ascii_hexdigit()).len() >= 64;
        out.push_str(if is_secret { "[redacted] " } else { word });
    }
    out
}

/// Whether a text may be a secret, a token or an HMAC token: such a text is not repeated in a message.
pub fn looks_secret(text: &str) -> bool {
    // Passportal's secrets are 32 hex digits, as its IDs are; HMAC tokens 64.
    let hex =
        |word: &str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit()) && !KeyId::looks_like_ours(word);
    words(text).any(|word| is_marked(word) || is_dense(word) || hex(word))
}

/// Whether a text holds a secret of ours, a token or an HMAC token. 32 hex digits may be another server's ID; of more, only
/// an ID of ours is none, and half of an HMAC token that is typed digit by digit is useless.
pub(crate) fn holds_credential(text: &str) -> bool {
    let mut hex = text.split(|c: char| !c.is_ascii_hexdigit());
    words(text).any(|word| is_marked(word) || is_dense(word))
        || hex.any(|run| run.len() > 32 && !KeyId::looks_like_ours(run))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/')))
}

fn is_marked(word: &str) -> bool {
    // At the beginning of a word or of a part of it: task_list is no secret.
    let begins = |at: usize| !word[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let mut marks = [SecretKey::PREFIX, "eyJ"].into_iter().flat_map(|mark| word.match_indices(mark));
    marks.any(|(at, _)| begins(at) && word.len() - at > 6)
}

/// A session token, or an HMAC token in base64.
fn is_dense(word: &str) -> bool {
    word.len() >= 40
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().any(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::redact::*;

    #[test]
    fn secrets_and_tokens_are_redacted() {
        let hmac = "0c433d7e88edc9a09c981dcf46313a1aac23225f7187391826921f7b50098537";
        let text = redact(&format!("at \"sk_abc\" or (eyJ0eX.a.b) or {hmac}; src/ui.rs:12 stays"));
        for secret in ["sk_abc", "eyJ0eX", hmac] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains("src/ui.rs:12 stays"));
    }

    #[test]
    fn what_may_be_a_secret_is_known() {
        let hmac = "0c433d7e88edc9a09c981dcf46313a1aac23225f7187391826921f7b50098537";
        let base64 = "DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc=";
        for secret in ["sk_abcdefgh", "--secret=sk_abcdefgh", "eyJ0eXAiOiJK.a.b", hmac, base64, &"2".repeat(32)] {
            assert!(looks_secret(secret), "{secret}");
        }
        for harmless in ["list", "--output", "PK7QW3N5ZJ0V4T8M2XHC", "nightly backup", "sk_", "task_list", "2027-01-31"]
        {
            assert!(!looks_secret(harmless), "{harmless}");
        }
    }
}
