//! What access tokens are signed with.

use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::vault::Vault;
use crate::domain::wiped_after;
use crate::server::store::NewSigningKey;

/// The length of a key in bytes.
const LENGTH: usize = 32;

/// A key for HMAC-SHA256, wiped when dropped.
pub(crate) struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// The key with these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// A new one. Fails if the system's random source does.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new(vec![0; LENGTH]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A new one for a store, encrypted. Fails if the system's random source does.
    pub(crate) fn new_for_store(vault: &Vault, ends_others: bool) -> Result<NewSigningKey, getrandom::Error> {
        let mut id = [0; 8];
        getrandom::fill(&mut id)?;
        let id = base16ct::lower::encode_string(&id);
        let (encrypted, encrypted_by) = vault.encrypt_signing_key(&id, &Self::random()?)?;
        Ok(NewSigningKey { id, encrypted, encrypted_by, ends_others })
    }

    /// For its encryption.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// HMAC-SHA256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        wiped_after(|| self.mac(message).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default())
    }

    /// Whether `signature` is [`sign`](Self::sign)'s: in constant time.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        wiped_after(|| self.mac(message).is_some_and(|mac| mac.verify_slice(signature).is_ok()))
    }

    /// HMAC takes a key of any length (RFC 2104, section 2), so this is never `None`.
    fn mac(&self, message: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(message);
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs() {
        let (key, other) = (SigningKey::random().unwrap(), SigningKey::random().unwrap());
        let signature = key.sign(b"message");
        assert!(key.signed(b"message", &signature) && !other.signed(b"message", &signature));
        assert!(!key.signed(b"massage", &signature));
        assert!(!key.signed(b"message", &signature[1..]));
        assert!(!key.signed(b"message", b""));
    }
}
