//! Which master keys the secrets of a store are encrypted with, by their IDs.

use std::sync::{Arc, PoisonError, RwLock};

use crate::server::store::keys::SecretDigest;

/// What the store says of master keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MasterKeys {
    /// What is stored from now on is encrypted with it. `None` before the first rotation.
    pub(crate) current: Option<String>,
    /// During a rotation: what is not yet encrypted anew.
    pub(crate) old: Option<String>,
}

impl MasterKeys {
    /// Whether what is encrypted with this key may be stored.
    pub(crate) fn allow(&self, id: &str) -> bool {
        self.current.as_deref().is_none_or(|current| current == id)
    }

    /// Whether these keys open everything.
    pub(crate) fn are_among(&self, held: &[String]) -> bool {
        [&self.current, &self.old].into_iter().flatten().all(|id| held.contains(id))
    }
}

/// The IDs of the master keys that a server has. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct HeldMasterKeys(Arc<RwLock<Vec<String>>>);

impl HeldMasterKeys {
    pub(crate) fn add(&self, id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(id.to_owned());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A secret that is encrypted anew.
#[derive(Clone)]
pub(crate) struct Reencrypted {
    pub(crate) seq: i64,
    /// As it was: if it is another by now, it stays.
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
    /// The digest of the secret, by the same master key.
    pub(crate) digest: SecretDigest,
}
