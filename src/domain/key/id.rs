//! Access key IDs.

use std::fmt;

use super::{HexKind, KeyFormat};
use crate::domain::display::charset::Charset;
use crate::domain::display::untrusted::is_printable_ascii;
use crate::domain::{ConfusableWarning, Untrusted};

/// An access key ID: the public half of a key pair.
///
/// Ours are `PK` and 18 characters of Crockford's base 32 (90 random bits), or 64 hex digits if the server was told so
/// ([`KeyFormat`]). Those of other servers are opaque text of 1 to 128 characters.
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

    /// Makes an ID of ours. Of a prefixed one, five bits of each of the first 18 bytes are used.
    pub fn from_random(bytes: &[u8; 28], format: KeyFormat) -> Self {
        match format {
            KeyFormat::Prefixed => {
                let mut text = String::from(Self::PREFIX);
                text.extend(bytes[..18].iter().map(|b| char::from(Self::ALPHABET[usize::from(b & 31)])));
                Self(Untrusted::new(&text))
            }
            // In upper case, as all IDs of ours; a secret is in lower case.
            KeyFormat::Hex => Self(Untrusted::new(&HexKind::KeyId.encode(bytes).to_ascii_uppercase())),
        }
    }

    /// Whether a text has the form of an ID of ours: to tell an ID from a secret.
    pub fn looks_like_ours(text: &str) -> bool {
        let prefixed = || {
            text.len() == 20
                && text.strip_prefix(Self::PREFIX).is_some_and(|rest| rest.bytes().all(|b| Self::ALPHABET.contains(&b)))
        };
        prefixed() || HexKind::of(text) == Some(HexKind::KeyId)
    }

    /// A text as an ID of ours is stored, if it is one: in hex the case of the digits doesn't matter.
    pub(crate) fn as_stored(text: String) -> String {
        if HexKind::of(&text) == Some(HexKind::KeyId) { text.to_ascii_uppercase() } else { text }
    }

    /// The text for the screen, at most `max_cells` wide.
    pub fn to_display(&self, max_cells: usize) -> String {
        self.0.to_display(max_cells)
    }

    /// The text for the screen, with a `!` before it if it may not be what it looks like.
    pub fn identity(&self, max_cells: usize) -> String {
        self.0.identity(max_cells)
    }

    /// [`identity`](Self::identity) without its middle if it has more cells, so that its last four characters stay.
    pub fn shortened(&self, max_cells: usize) -> String {
        let text = self.raw_for_api();
        match max_cells.checked_sub(5) {
            Some(head) if is_printable_ascii(text) && text.len() > max_cells => {
                format!("{}{}{}", &text[..head], Charset::spoken().ellipsis(), &text[text.len() - 4..])
            }
            _ => self.identity(max_cells),
        }
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
        self.0.identity_width()
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
        let mut bytes = [0; 28];
        bytes[..18].copy_from_slice(&[0, 31, 10, 17, 18, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 19, 20, 21]);
        let id = KeyId::from_random(&bytes, KeyFormat::Prefixed);
        assert_eq!(id.raw_for_api(), "PK0ZAHJZ123456789KMN");
        assert!(KeyId::looks_like_ours(id.raw_for_api()));
        assert_eq!(id.last_four(), "9KMN");
        assert_eq!([11, 20].map(|cells| id.shortened(cells)), ["PK0ZAH…9KMN", "PK0ZAHJZ123456789KMN"]);
        let hex = KeyId::from_random(&bytes, KeyFormat::Hex);
        assert_eq!(hex.raw_for_api(), "001F0A1112FF0102030405060708091314150000000000000000000066049DA3");
        assert!(KeyId::looks_like_ours(hex.raw_for_api()));
        assert_eq!(KeyId::parse("PK\u{1b}[2J\u{202e}").unwrap().last_four(), "02e}");
    }

    #[test]
    fn foreign_ids_are_opaque_up_to_128_characters() {
        assert!(KeyId::parse(&"f".repeat(32)).is_ok());
        assert!(KeyId::parse(&"ü".repeat(128)).is_ok());
        assert_eq!(KeyId::parse(&"f".repeat(129)), Err(KeyIdError::TooLong));
        assert_eq!(KeyId::parse(""), Err(KeyIdError::Empty));
        assert!(!KeyId::looks_like_ours(&"f".repeat(32)));
        assert!(!KeyId::looks_like_ours(&"f".repeat(64)));
    }
}
