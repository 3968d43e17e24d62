//! What all calls share.

use std::sync::Arc;

use chrono::TimeDelta;

use super::auth::decoy;
use super::auth::passwords::Passwords;
use super::auth::sessions::Sessions;
use super::auth::signing_keys::OpenedSigningKeys;
use super::auth::vault::Vault;
use super::data_folder::DataFolder;
use super::http::readiness::Readiness;
use super::net::throttle::Throttle;
use super::net::tls::Tls;
use super::store::{Store, StoreError};
use super::usage_recorder::{KEEP_EVENTS, UsageRecorder};
use crate::domain::{KeyFormat, Lifetimes};
use crate::server::http::request::list_limiter::ListLimiter;
use crate::server::http::request::running_creates::RunningCreates;

/// What all calls share. Clones are the same state.
#[derive(Clone)]
pub struct AppState(pub(crate) Arc<AppStateInner>);

pub(crate) struct AppStateInner {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) signing_keys: OpenedSigningKeys,
    pub(crate) sessions: Sessions,
    pub(crate) running: RunningCreates,
    pub(crate) usage_recorder: Arc<UsageRecorder>,
    pub(crate) throttle: Throttle,
    pub(crate) passwords: Passwords,
    pub(crate) readiness: Readiness,
    pub(crate) lists: ListLimiter,
    /// How long uses and refusals are kept.
    pub(crate) keep_events: TimeDelta,
    /// Whether errors tell their reasons, paths among them: to the user of an embedded server.
    pub(crate) tells_reasons: bool,
    /// The form of new IDs and secrets.
    pub(crate) key_format: KeyFormat,
    /// What is allowed as the expiry of keys.
    pub(crate) lifetimes: Lifetimes,
    /// Decrypted in place of an unknown key's secret, so that the answer takes as long.
    pub(crate) decoy: Vec<u8>,
}

impl AppStateInner {
    /// Encrypts with the master key that the store names.
    pub(crate) async fn follow_master_key(&self) -> Result<(), StoreError> {
        let named = self.store.master_keys().await?;
        if self.vault.follow(&named) { Ok(()) } else { Err(StoreError::OtherMasterKey) }
    }
}

impl AppState {
    /// A server's state before its first call.
    pub fn new(data: DataFolder, sessions: Sessions) -> Self {
        let DataFolder { store, vault } = data;
        Self(Arc::new(AppStateInner {
            decoy: vault.encrypt(decoy::KEY_ID, decoy::SECRET).unwrap_or_default(),
            usage_recorder: Arc::new(UsageRecorder::new(store.clone())),
            throttle: Throttle::new(&store),
            store,
            vault,
            signing_keys: OpenedSigningKeys::default(),
            sessions,
            running: RunningCreates::default(),
            passwords: Passwords::default(),
            readiness: Readiness::default(),
            lists: ListLimiter::default(),
            keep_events: KEEP_EVENTS,
            tells_reasons: false,
            key_format: KeyFormat::default(),
            lifetimes: Lifetimes::default(),
        }))
    }

    /// Uses and refusals are kept so long. For a state that no server has yet.
    #[must_use]
    pub(crate) fn keeping_events(mut self, keep_events: TimeDelta) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.keep_events = keep_events;
        }
        self
    }

    /// The certificate that connections are encrypted with, if they are. For a state that no server has yet.
    #[must_use]
    pub(crate) fn with_certificate(mut self, tls: Option<Tls>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.readiness = Readiness::new(tls);
        }
        self
    }

    /// Errors tell their reasons, paths among them. For a state that no server has yet.
    #[must_use]
    pub(crate) fn telling_reasons(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.tells_reasons = true;
        }
        self
    }

    /// New IDs and secrets have this form. For a state that no server has yet.
    #[must_use]
    pub(crate) fn giving_out(mut self, key_format: KeyFormat) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.key_format = key_format;
        }
        self
    }

    /// Keys may last so long. For a state that no server has yet.
    #[must_use]
    pub(crate) fn allowing(mut self, lifetimes: Lifetimes) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.lifetimes = lifetimes;
        }
        self
    }
}
