//! Administrators and their sessions.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::Role;
use crate::server::auth::username::Username;
use crate::server::store::{
    Actor, AdminAccount, AdminOutcome, Administrator, Digest, Engine, NewSession, PasswordChange, RevokeAll, SessionId,
    SessionRow, Store, StoreError, StoredSession, TryLimit,
};

impl Store {
    /// Adds an administrator; false if the name is taken. `password` is its hash.
    pub async fn add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        engine!(self.add_administrator(username, role, password, actor, now))
    }

    /// All administrators, by name.
    pub async fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
        engine!(self.administrators())
    }

    /// Sets a password and ends the administrator's sessions. False if there is no administrator with this name, or the
    /// old password isn't the one that was expected.
    pub async fn set_password(
        &self,
        change: PasswordChange,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        engine!(self.set_password(change, actor, now))
    }

    /// Gives an administrator another role, which goes for their sessions at once. The last who may manage keys, or
    /// administrators, keep theirs unless `even_last`.
    pub(crate) async fn set_role(
        &self,
        username: &Username,
        role: Role,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        engine!(self.set_role(username, role, even_last, actor, now))
    }

    /// Removes an administrator and ends all their sessions; the last who may manage keys, or administrators, only if
    /// `even_last`.
    pub async fn remove_administrator(
        &self,
        username: &Username,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        engine!(self.remove_administrator(username, even_last, actor, now))
    }

    /// What decides about a sign-in with this name from this network. Takes as long for an unknown name.
    pub(crate) async fn account(&self, username: &str, network: &str) -> Result<AdminAccount, StoreError> {
        engine!(self.account(username, network))
    }

    /// Whether tries to sign in are counted here: several servers can have this store.
    pub(crate) fn counts_tries(&self) -> bool {
        match &self.0 {
            Engine::Sqlite(_) => false,
            Engine::Postgres(_) => true,
        }
    }

    /// Counts a try by what it has in common with others. If it is one too many, the error is how long to wait. Those who
    /// have different things in common may be limited together, by a hash that can't be predicted.
    pub(crate) async fn count_try(&self, limit: TryLimit, of: &[u8]) -> Result<Result<(), Duration>, StoreError> {
        match &self.0 {
            Engine::Sqlite(_) => Ok(Ok(())),
            Engine::Postgres(engine) => engine.count_try(limit, of).await,
        }
    }

    /// Begins a session and removes those that have ended. `None` if the administrator or the password has changed.
    pub(crate) async fn begin_session(&self, new: NewSession, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        engine!(self.begin_session(new, now))
    }

    /// The session with this digest, if it has not ended.
    pub(crate) async fn session(
        &self,
        digest: Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredSession>, StoreError> {
        engine!(self.session(digest, now))
    }

    /// Records that a session was used.
    pub(crate) async fn see_session(&self, digest: Digest, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.see_session(digest, now))
    }

    /// Ends a session. Nothing happens if it has ended.
    pub(crate) async fn end_session(&self, digest: Digest, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.end_session(digest, actor, now))
    }

    /// The sessions that have not ended, of all administrators or of one, the latest first.
    pub(crate) async fn sessions(
        &self,
        username: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionRow>, StoreError> {
        engine!(self.sessions(username, now))
    }

    /// Ends the session with this ID, of any administrator or only of one, and gives its administrator's name. `None` if
    /// there is no such session.
    pub(crate) async fn end_session_by_id(
        &self,
        id: SessionId,
        username: Option<&str>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        engine!(self.end_session_by_id(id, username, actor, now))
    }

    /// Revokes all access tokens, all sessions, or both. Takes milliseconds, however many keys there are. Gives how many
    /// sessions were ended.
    pub(crate) async fn revoke(&self, what: RevokeAll, actor: Actor, now: DateTime<Utc>) -> Result<u64, StoreError> {
        engine!(self.revoke(what, actor, now))
    }
}
