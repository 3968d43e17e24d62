//! Access key IDs.

use std::fmt;

use crate::domain::{ConfusableWarning, Untrusted};

/// An access key ID: the public half of a key pair.
///
/// Ours are `PK` and 18 characters of Crockford's base 32 (90 random bits). Those of other
/// servers are opaque text of 1 to 128 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyId(Untrusted);

/// Why a text is not an access key ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyIdError {
    #[error("the access key ID is empty")]
    Empty,
    #[error("the access key ID is longer than 128 characters")]
    TooLong,
}

impl KeyId {
    /// The most characters that any server's ID may have (HTTP contract, part B).
    pub const MAX_CHARS: usize = 128;
    /// What our own IDs begin with.
    pub const PREFIX: &'static str = "PK";
    /// Crockford's base 32: no I, L, O or U. <https://www.crockford.com/base32.html>
    const ALPHABET: &'static [u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// Takes any server's ID as it is.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        match text.chars().count() {
            0 => Err(KeyIdError::Empty),
            n if n > Self::MAX_CHARS => Err(KeyIdError::TooLong),
            _ => Ok(Self(Untrusted::new(text))),
        }
    }

    /// Makes an ID of ours. Five bits of each byte are used.
    pub fn from_random(bytes: &[u8; 18]) -> Self {
        let mut text = String::from(Self::PREFIX);
        text.extend(bytes.iter().map(|b| char::from(Self::ALPHABET[usize::from(b & 31)])));
        Self(Untrusted::new(&text))
    }

    /// Whether a text has the form of an ID of ours: to tell an ID from a secret.
    pub fn looks_like_ours(text: &str) -> bool {
        text.len() == 20
            && text.strip_prefix(Self::PREFIX).is_some_and(|rest| rest.bytes().all(|b| Self::ALPHABET.contains(&b)))
    }

    /// The text for the screen, at most `max_cells` wide.
    pub fn to_display(&self, max_cells: usize) -> String {
        self.0.to_display(max_cells)
    }

    /// The text for the screen, with a `!` before it if it may not be what it looks like.
    pub fn identity(&self, max_cells: usize) -> String {
        self.0.identity(max_cells)
    }

    /// Why a reader may take it for another ID than it is.
    pub fn confusable(&self) -> Option<ConfusableWarning> {
        self.0.confusable()
    }

    /// The text as the server gave it: for requests, never for a screen.
    pub fn raw_for_api(&self) -> &str {
        self.0.raw_for_api()
    }

    /// How many cells the whole ID takes on screen, with its mark if it has one.
    pub fn width(&self) -> usize {
        self.0.width() + if self.confusable().is_some() { 2 } else { 0 }
    }

    /// The last four characters as the screen shows them, which a user types to confirm a deletion: there is an ID that
    /// ends with what no keyboard has.
    pub fn last_four(&self) -> String {
        let mut tail: Vec<char> = self.to_display(usize::MAX).chars().rev().take(4).collect();
        tail.reverse();
        tail.into_iter().collect()
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_ids_have_the_contracts_form() {
        let id = KeyId::from_random(&[0, 31, 10, 17, 18, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 19, 20, 21]);
        assert_eq!(id.raw_for_api(), "PK0ZAHJZ123456789KMN");
        assert!(KeyId::looks_like_ours(id.raw_for_api()));
        assert_eq!(id.last_four(), "9KMN");
        assert_eq!(KeyId::parse("PK\u{1b}[2J\u{202e}").unwrap().last_four(), "02e}");
    }

    #[test]
    fn foreign_ids_are_opaque_up_to_128_characters() {
        assert!(KeyId::parse(&"f".repeat(32)).is_ok());
        assert!(KeyId::parse(&"ü".repeat(128)).is_ok());
        assert_eq!(KeyId::parse(&"f".repeat(129)), Err(KeyIdError::TooLong));
        assert_eq!(KeyId::parse(""), Err(KeyIdError::Empty));
        assert!(!KeyId::looks_like_ours(&"f".repeat(32)));
    }
}
