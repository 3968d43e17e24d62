//! What tokens and secrets rest on: revocations, signing keys, the master key.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::InForce;
use crate::server::store::{
    Actor, Engine, Issued, Issuing, MasterKeys, NewSigningKey, Reencrypted, Store, StoreError, StoredSecret,
    StoredSigningKey,
};

impl Store {
    /// Whether an access token was revoked, by whichever process: known from memory. Takes microseconds.
    pub(crate) fn is_revoked(&self, token: Issued<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.is_revoked(token, now),
            Engine::Postgres(engine) => engine.is_revoked(token, now),
        }
    }

    /// What tokens to be issued now name and are signed with. Takes microseconds.
    pub(crate) fn issuing(&self) -> Result<Issuing, StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.issuing(),
            Engine::Postgres(engine) => engine.issuing(),
        }
    }

    /// The keys that access tokens may be signed with, and perhaps some that are no longer accepted. Takes microseconds.
    pub(crate) fn signing_keys(&self) -> Result<Vec<Arc<StoredSigningKey>>, StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.signing_keys(),
            Engine::Postgres(engine) => engine.signing_keys(),
        }
    }

    /// Adds a signing key. Tokens are signed with it once every server knows it.
    pub(crate) async fn add_signing_key(
        &self,
        new: NewSigningKey,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        engine!(self.add_signing_key(new, actor, now))
    }

    /// Waits until what was revoked before is revoked on every server. Takes no longer than the longest lease.
    pub(crate) async fn in_force(&self) -> Result<InForce, StoreError> {
        match &self.0 {
            // Each looks at every request whether something was revoked.
            Engine::Sqlite(_) => Ok(InForce::default()),
            Engine::Postgres(engine) => engine.in_force().await,
        }
    }

    /// How long any server may go on verifying without having heard from the database.
    pub(crate) fn longest_lease(&self) -> Duration {
        match &self.0 {
            Engine::Sqlite(_) => Duration::ZERO,
            Engine::Postgres(engine) => engine.longest_lease(),
        }
    }

    /// The shortest time between two writes of what was used. Uses on a server of its own may wait longer than those that
    /// a user looks at.
    pub(crate) fn pause(&self) -> Duration {
        match &self.0 {
            Engine::Sqlite(_) => Duration::from_secs(1),
            Engine::Postgres(_) => Duration::from_secs(10),
        }
    }

    /// What is wrong with the store although it works.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match &self.0 {
            Engine::Sqlite(_) => None,
            Engine::Postgres(engine) => engine.warning(),
        }
    }

    /// Keeps a text that is encrypted with the master key, for every server to see whether its own is the same. Returns
    /// the text that is kept, which may be another server's; without one to keep, only looks. `None` where one folder has
    /// both store and key.
    pub(crate) async fn seal(&self, sealed: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.0 {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(engine) => engine.seal(sealed).await,
        }
    }

    /// Encrypted secrets in the order of creation, after a place in it; 0 is the beginning.
    pub(crate) async fn secrets(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        engine!(self.secrets(after, limit))
    }

    /// Which master keys the secrets are encrypted with. A rotation that is just beginning is waited for.
    pub(crate) async fn master_keys(&self) -> Result<MasterKeys, StoreError> {
        engine!(self.master_keys())
    }

    /// Begins to encrypt with another master key: from now on nothing that is encrypted with the old one is stored. Gives
    /// the names of servers that run and don't have the new key; then nothing is begun. `sealed` is what
    /// [`seal`](Self::seal) keeps from now on.
    pub(crate) async fn begin_master_key(
        &self,
        keys: MasterKeys,
        sealed: Vec<u8>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        engine!(self.begin_master_key(keys, sealed, actor, now))
    }

    /// Stores secrets that are encrypted anew `by` the master key that encrypts now; refuses those of another rotation.
    pub(crate) async fn reencrypt(&self, by: String, secrets: Vec<Reencrypted>) -> Result<(), StoreError> {
        engine!(self.reencrypt(by, secrets))
    }

    /// The signing keys as they are stored, the oldest first.
    pub(crate) async fn stored_signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError> {
        engine!(self.stored_signing_keys())
    }

    /// The same for a signing key, if it is still stored.
    pub(crate) async fn reencrypt_signing_key(
        &self,
        by: String,
        id: String,
        encrypted: Vec<u8>,
    ) -> Result<(), StoreError> {
        engine!(self.reencrypt_signing_key(by, id, encrypted))
    }

    /// Ends the rotation to the master key `by`: nothing needs the old one any more.
    pub(crate) async fn end_master_key(&self, by: String, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.end_master_key(by, actor, now))
    }

    /// Tells other servers that this one ends.
    pub(crate) async fn close(&self) {
        match &self.0 {
            Engine::Sqlite(_) => {}
            Engine::Postgres(engine) => engine.close().await,
        }
    }

    /// Deletes revocations that every token is younger than, and signing keys of which no token is good any more.
    pub(crate) async fn forget_revocations(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.forget_revocations(now).await,
            Engine::Postgres(engine) => engine.forget_revocations().await,
        }
    }

    /// The ID and the encrypted secret of any key, which shows whether a master key is the right one. `None` if there
    /// are no keys.
    pub(crate) async fn encrypted_sample(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        engine!(self.encrypted_sample())
    }
}
