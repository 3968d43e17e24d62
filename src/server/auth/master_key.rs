//! One master key: half of it encrypts, half signs and makes digests.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::signing_key::SigningKey;
use crate::server::store::SecretDigest;

/// The length of XChaCha20-Poly1305's nonce, long enough for random ones never to repeat.
const NONCE: usize = 24;
/// Half of a master key.
const HALF: usize = 32;
/// A whole master key.
pub(super) const MASTER_KEY_BYTES: usize = 2 * HALF;

/// A master key as it is in its file.
pub(super) type MasterKeyBytes = [u8; MASTER_KEY_BYTES];

/// One master key.
pub(super) struct MasterKey {
    /// Tells it from others, and nothing of it.
    pub(super) id: String,
    cipher: XChaCha20Poly1305,
    pub(super) signing: Arc<SigningKey>,
    /// Makes digests of secrets, and signs nothing else.
    digests: SigningKey,
}

impl MasterKey {
    /// The first half encrypts, the second signs. What it signs here no token is: each begins with the base64 of its header.
    pub(super) fn new(bytes: &MasterKeyBytes) -> Self {
        let mut encrypting = Zeroizing::new([0; HALF]);
        encrypting.copy_from_slice(&bytes[..HALF]);
        let signing = Arc::new(SigningKey::of(&bytes[HALF..]));
        let id = base16ct::lower::encode_string(&signing.sign(b"latchkey master key")[..8]);
        let digests = SigningKey::of(&Zeroizing::new(signing.sign(b"latchkey digests of secrets")));
        Self { id, cipher: XChaCha20Poly1305::new((&*encrypting).into()), signing, digests }
    }

    pub(super) fn digest(&self, secret: &[u8]) -> SecretDigest {
        let whole = self.digests.sign(secret);
        whole.first_chunk().copied().unwrap_or_default()
    }

    pub(super) fn encrypt(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: secret, aad: name.as_bytes() };
        let encrypted = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| getrandom::Error::UNEXPECTED)?;
        Ok([nonce.as_slice(), &encrypted].concat())
    }

    pub(super) fn decrypt(&self, name: &str, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, encrypted) = encrypted.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: encrypted, aad: name.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}
