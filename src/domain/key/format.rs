//! The form in which a server gives out access key IDs and secrets.

use std::str::FromStr;

use zeroize::Zeroizing;

/// The form of the IDs and secrets that a server gives out. It takes those of either form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyFormat {
    /// `PK` and 18 characters, `sk_` and 49 characters.
    #[default]
    Prefixed,
    /// 64 hex digits each: some programs written for Passportal take no other ID.
    Hex,
}

impl KeyFormat {
    /// Their names, in the order of the help.
    pub const NAMES: [&str; 2] = ["prefixed", "hex"];
}

impl FromStr for KeyFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "prefixed" => Ok(Self::Prefixed),
            "hex" => Ok(Self::Hex),
            _ => Err(format!("key_format is one of {}", Self::NAMES.join(", "))),
        }
    }
}

/// What 64 hex digits of ours are.
///
/// They have no prefix that tells an ID from a secret. Their last 8 digits do: the CRC-32 of a word for the kind and of
/// the 56 digits (224 random bits) before them. So a pair that is swapped or mistyped is found before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HexKind {
    KeyId,
    Secret,
}

impl HexKind {
    /// Their whole length.
    pub(crate) const DIGITS: usize = 64;
    /// How many of them are random.
    const RANDOM: usize = 56;

    /// What a text is, in whichever case its digits are.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if text.len() != Self::DIGITS || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        // A scan comes upon many that are none: nothing is allocated for them.
        let mut random = Zeroizing::new([0; Self::RANDOM]);
        random.copy_from_slice(&text.as_bytes()[..Self::RANDOM]);
        random.make_ascii_lowercase();
        let check = u32::from_str_radix(&text[Self::RANDOM..], 16).ok()?;
        [Self::KeyId, Self::Secret].into_iter().find(|kind| kind.checksum(&*random) == check)
    }

    /// Makes one of random bytes, in lower case.
    pub(crate) fn encode(self, bytes: &[u8; 28]) -> Zeroizing<String> {
        let mut text = Zeroizing::new(base16ct::lower::encode_string(bytes));
        let check = Zeroizing::new(format!("{:08x}", self.checksum(text.as_bytes())));
        text.push_str(&check);
        text
    }

    fn checksum(self, random: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(match self {
            Self::KeyId => b"id",
            Self::Secret => b"secret",
        });
        crc.update(random);
        crc.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_tell_what_they_are() {
        for byte in 0..=255 {
            for kind in [HexKind::KeyId, HexKind::Secret] {
                let text = kind.encode(&[byte; 28]);
                assert!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
                assert_eq!(HexKind::of(&text), Some(kind));
                assert_eq!(HexKind::of(&text.to_ascii_uppercase()), Some(kind));
                assert_eq!(HexKind::of(&text[..63]), None);
                let swapped = format!("{}{}{}", &text[1..2], &text[..1], &text[2..]);
                assert_eq!(HexKind::of(&swapped).is_some(), swapped == *text, "{swapped}");
            }
        }
        // Of an HMAC token, and of Passportal.
        assert_eq!(HexKind::of("0c433d7e88edc9a09c981dcf46313a1aac23225f7187391826921f7b50098537"), None);
    }

    #[test]
    fn each_name_is_understood_and_no_other() {
        assert_eq!(KeyFormat::NAMES.map(str::parse), [Ok(KeyFormat::Prefixed), Ok(KeyFormat::Hex)]);
        assert!("hex64".parse::<KeyFormat>().unwrap_err().contains("prefixed, hex"));
    }
}
