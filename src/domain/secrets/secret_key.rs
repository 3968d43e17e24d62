//! Secret access keys.

use std::fmt;
use std::sync::Arc;

use region::LockGuard;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::key::HexKind;
use crate::domain::{KeyFormat, KeyId};

/// A secret access key: wiped when dropped, and never printed by accident.
///
/// Ours are `sk_`, 43 base-62 characters (256 bits) and 6 base-62 characters, the CRC-32 of what
/// is before them; or 64 hex digits if the server was told so ([`KeyFormat`]). The checksum finds typing errors; it
/// protects nothing.
#[derive(Clone)]
pub struct SecretKey(Arc<SecretBytes>);

/// The one copy of a secret. The fields are dropped in this order: a page cannot be unlocked that is no longer there.
struct SecretBytes {
    /// Keeps the pages out of the swap area.
    _lock: Option<LockGuard>,
    text: SecretString,
}

/// Why a text is not a secret access key of ours. Never holds any of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// An access key ID is where the secret belongs.
    #[error(
        "this is an Access key ID; the Secret access key is the other value that was shown when the key was created"
    )]
    IsKeyId,
    #[error("a Secret access key starts with sk_")]
    Prefix,
    #[error("the letters of this Secret access key are lower case")]
    UpperCase,
    /// It does not have [`SecretKey::CHARS`] characters; holds how many it has.
    #[error("a Secret access key has 52 characters, not {0}")]
    Length(usize),
    #[error("a Secret access key has only letters and digits after sk_")]
    Alphabet,
    #[error("the checksum at the end of the Secret access key doesn't match; a character is wrong")]
    Checksum,
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 > 2^256 > 62^42.
const BODY: usize = 43;
/// 62^6 > 2^32.
const CHECK: usize = 6;

impl SecretKey {
    /// What our secrets begin with.
    pub const PREFIX: &'static str = "sk_";
    /// Their whole length.
    pub const CHARS: usize = 3 + BODY + CHECK;

    /// Makes a secret from 256 random bits; of one in hex, the last 32 bits aren't used.
    pub fn from_random(bytes: &Zeroizing<[u8; 32]>, format: KeyFormat) -> Self {
        match format {
            KeyFormat::Prefixed => Self::prefixed(bytes),
            KeyFormat::Hex => {
                let mut random = Zeroizing::new([0; 28]);
                random.copy_from_slice(&bytes[..28]);
                Self::foreign(&HexKind::Secret.encode(&random))
            }
        }
    }

    fn prefixed(bytes: &Zeroizing<[u8; 32]>) -> Self {
        let mut number = bytes.clone();
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS));
        text.push_str(Self::PREFIX);
        for _ in 0..BODY {
            let mut rest = 0_u32;
            for byte in number.iter_mut() {
                let part = (rest << 8) | u32::from(*byte);
                *byte = u8::try_from(part / 62).unwrap_or(u8::MAX);
                rest = part % 62;
            }
            text.push(char::from(ALPHABET[rest as usize]));
        }
        let check = checksum(&text);
        text.push_str(&check);
        Self::foreign(&text)
    }

    /// Takes a secret of ours, and says what is wrong with anything else.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        if KeyId::looks_like_ours(text) {
            return Err(SecretKeyError::IsKeyId);
        }
        if HexKind::of(text) == Some(HexKind::Secret) {
            let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
            return if is_lower { Ok(Self::foreign(text)) } else { Err(SecretKeyError::UpperCase) };
        }
        let rest = text.strip_prefix(Self::PREFIX).ok_or(SecretKeyError::Prefix)?;
        if text.chars().count() != Self::CHARS {
            return Err(SecretKeyError::Length(text.chars().count()));
        }
        if !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(SecretKeyError::Alphabet);
        }
        let (body, check) = text.split_at(Self::CHARS - CHECK);
        if !bool::from(checksum(body).as_bytes().ct_eq(check.as_bytes())) {
            return Err(SecretKeyError::Checksum);
        }
        Ok(Self::foreign(text))
    }

    /// Takes any server's secret as it is.
    pub fn foreign(text: &str) -> Self {
        Self(Arc::new(SecretBytes { _lock: None, text: SecretString::from(text) }))
    }

    /// The same for one that was not delivered yet and will stay for a while: its page is not swapped out (`mlock(2)`).
    ///
    /// As far as the kernel lets us: `ulimit -l` may forbid it, and another secret that leaves the same page unlocks it.
    pub fn foreign_locked(text: &str) -> Self {
        let text = SecretString::from(text);
        let bytes = text.expose_secret().as_bytes();
        let lock = region::lock(bytes.as_ptr(), bytes.len()).ok();
        Self(Arc::new(SecretBytes { _lock: lock, text }))
    }

    /// The secret: to draw, copy, hash, seal or send it, and for nothing else.
    pub fn expose(&self) -> &str {
        self.0.text.expose_secret()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// CRC-32 (IEEE 802.3) of `body` as six base-62 digits, the most significant first.
fn checksum(body: &str) -> Zeroizing<String> {
    let mut number = crc32fast::hash(body.as_bytes());
    let mut digits = [0_u8; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    Zeroizing::new(digits.iter().map(|&b| char::from(b)).collect())
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::secret_key::*;

    fn sample(byte: u8) -> SecretKey {
        SecretKey::from_random(&Zeroizing::new([byte; 32]), KeyFormat::Prefixed)
    }

    #[test]
    fn every_bit_pattern_gives_a_secret_that_parses() {
        for byte in 0..=255 {
            let text = sample(byte).expose().to_owned();
            assert_eq!(text.len(), 52);
            assert_eq!(SecretKey::parse(&text).map(|s| s.expose().to_owned()), Ok(text));
        }
    }

    #[test]
    fn a_secret_in_hex_is_known_by_its_checksum() {
        let secret = SecretKey::from_random(&Zeroizing::new([0xab; 32]), KeyFormat::Hex);
        let text = secret.expose();
        assert_eq!(SecretKey::parse(text).map(|secret| secret.expose().len()), Ok(64));
        assert_eq!(SecretKey::parse(&text.to_ascii_uppercase()).err(), Some(SecretKeyError::UpperCase));
        assert_eq!(SecretKey::parse(&text.replacen('a', "b", 1)).err(), Some(SecretKeyError::Prefix));
        let id = KeyId::from_random(&[0xab; 28], KeyFormat::Hex);
        assert_eq!(SecretKey::parse(id.raw_for_api()).err(), Some(SecretKeyError::IsKeyId));
    }

    #[test]
    fn one_wrong_character_is_found_and_named() {
        let good = sample(7).expose().to_owned();
        for at in 3..52 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let bad = String::from_utf8(bytes).unwrap_or_default();
            assert_eq!(SecretKey::parse(&bad).err(), Some(SecretKeyError::Checksum), "at {at}");
        }
        assert_eq!(SecretKey::parse("PK0ZAHJZ123456789KMN").err(), Some(SecretKeyError::IsKeyId));
        assert_eq!(SecretKey::parse("hunter2").err(), Some(SecretKeyError::Prefix));
        assert_eq!(SecretKey::parse(&good[..51]).err(), Some(SecretKeyError::Length(51)));
        assert_eq!(
            SecretKey::parse(&good.replace(|c: char| c.is_ascii_digit(), "-")).err(),
            Some(SecretKeyError::Alphabet)
        );
    }

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", sample(1)), "SecretKey(…)");
    }
}
