//! A new secret, encrypted by the server so that only the program that asked for it can read it.
//!
//! HPKE (RFC 9180) in its base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, `ChaCha20Poly1305`. The key's ID is the
//! associated data, so that the secret of one key is never taken for that of another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use super::secret_key::SecretKey;
use super::stack::wiped_after;
use crate::domain::KeyId;

/// What a secret is sealed for (`info` of RFC 9180): no other use of these keys opens it.
const INFO: &[u8] = b"latchkey sealed_secret";
/// The bytes of a public key, of a private one, and of the key that is encapsulated in a sealed secret.
const KEY_BYTES: usize = 32;

/// The public key (X25519) that a secret is sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealTo([u8; KEY_BYTES]);

impl SealTo {
    /// Reads base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Encrypts a key's secret. `None` if this is no public key: a point of small order, of which everybody knows the
    /// private half.
    pub fn seal(self, secret: &SecretKey, id: &KeyId, random: &mut impl CryptoRng) -> Option<SealedSecret> {
        wiped_after(|| {
            let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&self.0).ok()?;
            let (text, id) = (secret.expose().as_bytes(), id.raw_for_api().as_bytes());
            let (encapsulated, encrypted) =
                single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                    &OpModeS::Base,
                    &key,
                    INFO,
                    text,
                    id,
                    random,
                )
                .ok()?;
            Some(SealedSecret([encapsulated.to_bytes().as_slice(), &encrypted].concat()))
        })
    }
}

/// A secret that is sealed: the encapsulated key, and the ciphertext with its tag. Whoever has the private key can read
/// it, and nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

impl SealedSecret {
    /// How long a server keeps one that nothing has confirmed (HTTP contract, second edition).
    pub const KEPT: TimeDelta = TimeDelta::minutes(10);

    /// Reads base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().map(Self)
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

/// The private key that opens what is sealed to its public half. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey(Zeroizing<[u8; KEY_BYTES]>);

impl SealKey {
    /// Takes 256 random bits: any of them are a private key (RFC 7748, section 5).
    pub const fn from_random(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// Reads base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        (bytes.len() == KEY_BYTES).then(|| key.copy_from_slice(&bytes))?;
        Some(Self(key))
    }

    /// For the journal of creates that are not settled, and for nothing else.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0))
    }

    /// What the server is told.
    pub fn public(&self) -> Option<SealTo> {
        let key = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&*self.0).ok()?;
        X25519HkdfSha256::sk_to_pk(&key).to_bytes().as_slice().try_into().ok().map(SealTo)
    }

    /// The secret of the key with this ID; `None` if it was sealed to another key, for another ID, or was changed.
    pub fn open(&self, sealed: &SealedSecret, id: &KeyId) -> Option<SecretKey> {
        let (encapsulated, encrypted) = sealed.0.split_at_checked(KEY_BYTES)?;
        let key = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&*self.0).ok()?;
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
        let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &key,
            &encapsulated,
            INFO,
            encrypted,
            id.raw_for_api().as_bytes(),
        );
        let opened = Zeroizing::new(opened.ok()?);
        std::str::from_utf8(&opened).ok().map(SecretKey::foreign_locked)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use hpke::rand_core::UnwrapErr;

    use super::*;
    use crate::domain::KeyFormat;

    fn id(n: u8) -> KeyId {
        KeyId::from_random(&[n; 28], KeyFormat::Prefixed)
    }

    #[test]
    fn opens_only_whole_by_its_key_and_for_its_id() {
        let key = SealKey::from_random(Zeroizing::new([7; 32]));
        let to = key.public().unwrap();
        let secret = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Prefixed);
        let seal = || to.seal(&secret, &id(1), &mut UnwrapErr(SysRng)).unwrap();
        let sealed = seal();
        assert_ne!(sealed, seal(), "each has a key of its own");
        assert_eq!(key.open(&sealed, &id(1)).unwrap().expose(), secret.expose());
        assert!(key.open(&sealed, &id(2)).is_none(), "of another key");
        assert!(SealKey::from_random(Zeroizing::new([8; 32])).open(&sealed, &id(1)).is_none());
        for at in 0..sealed.0.len() {
            let mut bad = sealed.clone();
            bad.0[at] ^= 1;
            assert!(key.open(&bad, &id(1)).is_none(), "bit in byte {at}");
        }
        assert!(key.open(&SealedSecret(sealed.0[..20].to_vec()), &id(1)).is_none());

        assert_eq!(SealTo::parse(&to.text()), Some(to));
        assert_eq!(SealKey::parse(&key.expose()), Some(key.clone()));
        assert_eq!(SealedSecret::parse(&sealed.text()), Some(sealed));
        assert!(SealTo::parse("AAAA").is_none() && SealKey::parse("AAAA").is_none());
        assert!(SealTo([0; 32]).seal(&secret, &id(1), &mut UnwrapErr(SysRng)).is_none(), "no public key");
        assert_eq!(format!("{key:?}"), "SealKey(…)");
    }
}
