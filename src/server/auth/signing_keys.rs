//! The signing keys of the store, decrypted once.

use std::sync::{Arc, PoisonError, RwLock};

use super::signing_key::SigningKey;
use super::vault::Vault;
use crate::server::store::{Store, StoreError, StoredSigningKey};

/// Signing keys that were decrypted, each with what it was decrypted from.
#[derive(Default)]
pub(crate) struct OpenedSigningKeys(RwLock<Vec<(Arc<StoredSigningKey>, Arc<SigningKey>)>>);

impl OpenedSigningKeys {
    /// The key with this ID, if the store has it.
    pub(crate) fn find(&self, id: &str, store: &Store, vault: &Vault) -> Result<Option<Arc<SigningKey>>, StoreError> {
        if let Some(opened) = self.opened(|stored| stored.id == id) {
            return Ok(Some(opened));
        }
        let stored = store.signing_keys()?;
        self.forget_others(&stored);
        Ok(stored.iter().find(|stored| stored.id == id).and_then(|stored| self.open(stored, vault)))
    }

    /// A key of the store. `None` if the master key doesn't decrypt it.
    pub(crate) fn open(&self, stored: &Arc<StoredSigningKey>, vault: &Vault) -> Option<Arc<SigningKey>> {
        if let Some(opened) = self.opened(|known| known.id == stored.id) {
            return Some(opened);
        }
        let opened = match &stored.encrypted {
            Some(encrypted) => Arc::new(vault.decrypt_signing_key(&stored.id, encrypted)?),
            None => Arc::clone(vault.signing()),
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.push((Arc::clone(stored), Arc::clone(&opened)));
        Some(opened)
    }

    fn opened(&self, which: impl Fn(&StoredSigningKey) -> bool) -> Option<Arc<SigningKey>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(stored, _)| which(stored)).map(|(_, opened)| Arc::clone(opened))
    }

    /// Wipes keys that the store no longer has.
    fn forget_others(&self, stored: &[Arc<StoredSigningKey>]) {
        let is_stored = |id: &str| stored.iter().any(|stored| stored.id == id);
        if !self.0.read().unwrap_or_else(PoisonError::into_inner).iter().all(|(known, _)| is_stored(&known.id)) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| is_stored(&known.id));
        }
    }
}
