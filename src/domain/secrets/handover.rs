//! A secret that is handed over: encrypted with a code that opens it once.
//!
//! The code is 30 characters of Crockford's base 32, 150 random bits. The first 10 find the ciphertext on the server, which
//! stores their SHA-256; the other 20, and a PIN if there is one, give two things: the key of the ciphertext, and a proof
//! that one has them, without which the server doesn't give the ciphertext out. So a server can't read what it keeps, and
//! PINs can be tried nowhere but there, where it counts the tries.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::hmac::hmac_token;
use super::secret_key::SecretKey;
use super::stack::wiped_after;
use crate::domain::KeyId;

/// Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many characters find the ciphertext.
const LOOKUP: usize = 10;
/// How many are written together.
const GROUP: usize = 5;
/// What a PIN costs: 19 MiB, 2 passes, 1 lane (OWASP cheat sheet on storing passwords, 2024). It is a second lock on 100
/// random bits.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A code that opens a secret once. Wiped when dropped.
#[derive(Clone)]
pub struct HandoverCode(Zeroizing<String>);

impl HandoverCode {
    /// How many characters it has, without what is between its groups.
    pub const CHARS: usize = 30;

    /// Makes a code of the low 5 bits of random bytes.
    pub fn from_random(bytes: &Zeroizing<[u8; Self::CHARS]>) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS));
        text.extend(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])));
        Self(text)
    }

    /// Reads a code as people type it: in any case, with O for 0, and I or L for 1, with or without what is between groups.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(Self::CHARS));
        for char in text.chars().filter(|char| !char.is_whitespace() && !matches!(char, '-' | '‐' | '‑' | '–')) {
            let char = match char.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                char => char,
            };
            let is_known = u8::try_from(char).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !is_known || code.len() == Self::CHARS {
                return None;
            }
            code.push(char);
        }
        (code.len() == Self::CHARS).then_some(Self(code))
    }

    /// The code in groups, for the one who hands it on, and for nothing else.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS + Self::CHARS / GROUP));
        for (n, char) in self.0.chars().enumerate() {
            if n > 0 && n % GROUP == 0 {
                text.push('-');
            }
            text.push(char);
        }
        text
    }

    /// What the server stores of the first characters.
    pub fn lookup_digest(&self) -> [u8; 32] {
        lookup_digest(&self.0[..LOOKUP])
    }

    /// What the code gives with a PIN or without. With one it takes about 20 ms and 19 MiB.
    pub fn keys(&self, pin: Option<&str>) -> Option<HandoverKeys> {
        let (lookup, half) = self.0.split_at_checked(LOOKUP)?;
        let mut stretched = Zeroizing::new([0; 32]);
        if let Some(pin) = pin {
            let params = Params::new(COST.0, COST.1, COST.2, None).ok()?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon.hash_password_into(pin.trim().as_bytes(), lookup.as_bytes(), stretched.as_mut_slice()).ok()?;
        }
        let derive = |what: &[u8]| {
            let message = Zeroizing::new([what, &[u8::from(pin.is_some())], stretched.as_slice()].concat());
            let mut bytes = Zeroizing::new([0; 32]);
            base16ct::lower::decode(hmac_token(half.as_bytes(), &message).expose(), bytes.as_mut_slice()).ok()?;
            Some(bytes)
        };
        Some(HandoverKeys {
            lookup: lookup.to_owned(),
            cipher: derive(b"latchkey handover key")?,
            proof: derive(b"latchkey handover proof")?,
        })
    }
}

impl fmt::Debug for HandoverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandoverCode(…)")
    }
}

/// The SHA-256 of the first characters of a code.
pub fn lookup_digest(lookup: &str) -> [u8; 32] {
    Sha256::digest(lookup).into()
}

/// What a code and a PIN give.
pub struct HandoverKeys {
    lookup: String,
    cipher: Zeroizing<[u8; 32]>,
    proof: Zeroizing<[u8; 32]>,
}

impl HandoverKeys {
    /// The first characters of the code, which find the ciphertext.
    pub fn lookup(&self) -> &str {
        &self.lookup
    }

    /// Shows the server that one has the rest: base64url.
    pub fn proof(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.proof))
    }

    /// What the server compares it with.
    pub fn proof_digest(&self) -> [u8; 32] {
        Sha256::digest(*self.proof).into()
    }

    /// Encrypts the secret of a key. Once only: the nonce is 0, since every code gives a key of its own.
    pub fn seal(&self, secret: &SecretKey, id: &KeyId) -> Option<Vec<u8>> {
        wiped_after(|| {
            let about = self.about(id);
            let payload = Payload { msg: secret.expose().as_bytes(), aad: about.as_bytes() };
            ChaCha20Poly1305::new((&*self.cipher).into()).encrypt(&Nonce::default(), payload).ok()
        })
    }

    /// The secret of the key with this ID; `None` if anything differs.
    pub fn open(&self, sealed: &[u8], id: &KeyId) -> Option<SecretKey> {
        wiped_after(|| {
            let about = self.about(id);
            let payload = Payload { msg: sealed, aad: about.as_bytes() };
            let opened = ChaCha20Poly1305::new((&*self.cipher).into()).decrypt(&Nonce::default(), payload);
            let opened = Zeroizing::new(opened.ok()?);
            std::str::from_utf8(&opened).ok().map(SecretKey::foreign_locked)
        })
    }

    fn about(&self, id: &KeyId) -> String {
        format!("{} {}", self.lookup, id.raw_for_api())
    }
}

impl fmt::Debug for HandoverKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandoverKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyFormat;

    fn code(n: u8) -> HandoverCode {
        HandoverCode::from_random(&Zeroizing::new(std::array::from_fn(|at| n.wrapping_add(u8::try_from(at).unwrap()))))
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let text = code(0).expose();
        assert_eq!(text.as_str(), "01234-56789-ABCDE-FGHJK-MNPQR-STVWX");
        let same = [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " – ") + "\n",
            text.replace('0', "o").replace('1', "l"),
            text.replace('0', "O").replace('1', "I"),
        ];
        for typed in same {
            assert_eq!(HandoverCode::parse(&typed).unwrap().expose(), text, "{typed}");
        }
        for typed in ["", "01234", &text.replace('A', "U"), &format!("{}0", text.as_str()), &text.replace('A', "ä")] {
            assert!(HandoverCode::parse(typed).is_none(), "{typed}");
        }
        assert_eq!(format!("{:?} {:?}", code(0), code(0).keys(None)), "HandoverCode(…) Some(HandoverKeys(…))");
    }

    #[test]
    fn opens_only_by_the_whole_code_with_its_pin_and_for_its_id() {
        let id = |n| KeyId::from_random(&[n; 28], KeyFormat::Prefixed);
        let secret = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Prefixed);
        let keys = |text: &str, pin| HandoverCode::parse(text).unwrap().keys(pin).unwrap();
        let text = code(0).expose();
        let other_half = text.replace('M', "N");
        let other_lookup = text.replace('2', "3");
        for pin in [None, Some("4711")] {
            let right = keys(&text, pin);
            let sealed = right.seal(&secret, &id(1)).unwrap();
            assert_eq!(keys(&text, pin).open(&sealed, &id(1)).unwrap().expose(), secret.expose());
            assert_eq!(keys(&text, pin).proof(), right.proof());
            assert!(right.open(&sealed, &id(2)).is_none());
            let wrong_pin = if pin.is_some() { None } else { Some("4711") };
            for (text, pin) in [(&*text, Some("4712")), (&*text, wrong_pin), (&other_half, pin), (&other_lookup, pin)] {
                assert!(keys(text, pin).open(&sealed, &id(1)).is_none());
            }
            assert_ne!(keys(&text, Some("4712")).proof(), right.proof());
            assert_ne!(keys(&other_half, pin).proof(), right.proof());
            for at in 0..sealed.len() {
                let mut bad = sealed.clone();
                bad[at] ^= 1;
                assert!(right.open(&bad, &id(1)).is_none(), "bit in byte {at}");
            }
        }
        assert_eq!(keys(&text, Some(" 4711\n")).proof(), keys(&text, Some("4711")).proof());
        assert_eq!(code(0).lookup_digest(), lookup_digest(keys(&text, None).lookup()));
    }
}
