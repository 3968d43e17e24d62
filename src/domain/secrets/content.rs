//! The text that an HMAC token is made of.

use std::fmt;

/// The content of an exchange: any text that is not empty. It is no secret, but with its HMAC token it is a
/// credential, since the exchange has no time in it; so a fresh random one is drawn for each exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(String);

/// Why a text cannot be the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    #[error("the content is empty; enter any text, or use the random one")]
    Empty,
    #[error("the content is longer than 4096 bytes; a few random characters are enough")]
    TooLong,
}

impl Content {
    /// Bytes: far more than any client sends, far less than the 64 KiB of a body.
    pub const MAX_BYTES: usize = 4096;
    /// The example of Passportal's documentation.
    pub const EXAMPLE: &'static str = "api-content-hash";

    /// Takes a text as it is.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        match text.len() {
            0 => Err(ContentError::Empty),
            n if n > Self::MAX_BYTES => Err(ContentError::TooLong),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// 128 random bits as 32 hex digits, as clients in the field do it.
    pub fn from_random(bytes: &[u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(*bytes)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::content::*;

    #[test]
    fn bounds() {
        assert_eq!(Content::parse(""), Err(ContentError::Empty));
        assert_eq!(Content::parse(&"é".repeat(2048)).map(|c| c.as_str().len()), Ok(4096));
        assert_eq!(Content::parse(&"x".repeat(4097)), Err(ContentError::TooLong));
        assert_eq!(Content::from_random(&[1; 16]).as_str(), "01".repeat(16));
    }
}
