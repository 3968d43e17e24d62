//! The store: keys, their history, administrators and sessions, in a database.
//!
//! [`Store`] is the interface. An engine is a folder below this one: `sqlite` or `postgres`. It has the methods of
//! [`Store`], with their meaning; the types that they take and give, and the rules that every engine follows (status,
//! folding, keyset paging, which edit means which event, how long sessions last), are in files beside this one.
//! `contract` is the suite that every engine passes.
//!
//! - Each method is one transaction: all of it is stored, or nothing. What an administrator does is an event, stored in
//!   the same transaction. An engine whose transactions may fail for
//!   reasons of concurrency repeats them itself.
//! - Dropping a method's future cancels a read. A write is then stored as a whole, or not at all.
//! - The time is passed in, so that it is the same in all of a request, and tests can choose it.
//! - Secrets come and go encrypted: the store never has the master key.

mod administrators;
mod around;
mod backup;
#[cfg(test)]
mod contract;
mod copy;
mod error;
mod events;
mod keys;
mod keyset;
mod master_keys;
mod postgres;
mod revocations;
mod sessions;
mod signing_keys;
mod sought;
mod sqlite;
mod status;
mod tries;
mod usage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::auth::username::Username;
use super::metrics::METRICS;
use crate::domain::{AccessKey, Conditions, InForce, Role};
use postgres::PostgresStore;
use sqlite::SqliteStore;

pub(crate) use administrators::AdminAccount;
pub use administrators::{AdminOutcome, Administrator, PasswordChange};
pub(crate) use backup::OpenedBackup;
pub use backup::{Comparison, Manifest};
pub use copy::{CopiedRows, Progress};
pub(crate) use copy::{Copying, Part};
pub use error::StoreError;
pub use events::Actor;
pub(crate) use events::{EventKind, EventQuery, FieldChange, NewEvent, Refusals, StoredEvent, Subject, minute};
pub(crate) use keys::{
    Change, ChangeOutcome, CreateOutcome, ExpiryChange, KeyCredential, KeyInsert, KeyPage, KeyRow, PageQuery,
    StoredSecret, Use,
};
pub(crate) use keyset::{Keyset, SortValue};
pub use master_keys::HeldMasterKeys;
pub(crate) use master_keys::{MasterKeys, Reencrypted};
pub(crate) use postgres::copy as postgres_copy;
pub use postgres::{AddressError, DatabaseAddress, DatabaseFiles, LeaseSetup};
pub(crate) use revocations::{Issued, Issuing};
pub(crate) use sessions::{
    Digest, LIFETIME as SESSION_LIFETIME, NewSession, RevokeAll, SessionId, SessionRow, StoredSession,
};
pub(crate) use signing_keys::{NewSigningKey, StoredSigningKey, accepted_for};
pub(crate) use sqlite::file::backup as sqlite_backup;
pub(crate) use sqlite::file::copy as sqlite_copy;
pub use sqlite::{blocking_threads, document};
pub(crate) use tries::TryLimit;
pub(crate) use usage::{HourCount, IssuedTokens, MOST_COUNTED_ADDRESSES, Recorded, StoredUsage, UsageQuery, hour};

/// An open store. Clones share its connections.
#[derive(Clone)]
pub struct Store(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

/// Calls the engine's method of the same name, and measures it.
macro_rules! engine {
    ($store:ident.$method:ident($($argument:expr),*)) => {{
        let begun = Instant::now();
        let done = match &$store.0 {
            Engine::Sqlite(engine) => engine.$method($($argument),*).await,
            Engine::Postgres(engine) => engine.$method($($argument),*).await,
        };
        METRICS.stored(stringify!($method), begun.elapsed());
        done
    }};
}

impl Store {
    /// Opens the `SQLite` database in this file; creates or migrates it where needed.
    pub(crate) async fn open_sqlite(path: PathBuf) -> Result<Self, StoreError> {
        Ok(Self(Engine::Sqlite(SqliteStore::open(path).await?)))
    }

    /// Opens the existing `SQLite` database in this file, of which nothing can be written.
    pub(crate) async fn read_sqlite(path: PathBuf) -> Result<Self, StoreError> {
        Ok(Self(Engine::Sqlite(SqliteStore::read_only(path).await?)))
    }

    /// Opens the PostgreSQL database at this address, whose tables exist.
    pub(crate) async fn open_postgres(address: DatabaseAddress, lease: LeaseSetup) -> Result<Self, StoreError> {
        Ok(Self(Engine::Postgres(PostgresStore::open(address, Some(lease)).await?)))
    }

    /// The same for a command, which verifies no access tokens: the servers do not wait for it.
    pub async fn open_for_work(address: DatabaseAddress) -> Result<Self, StoreError> {
        Ok(Self(Engine::Postgres(PostgresStore::open(address, None).await?)))
    }

    /// Creates the tables of a PostgreSQL database, or updates them. Returns how many steps that took; 0 if there was
    /// nothing to do. The database role `grant` may then run servers.
    pub async fn migrate_postgres(address: DatabaseAddress, grant: Option<&str>) -> Result<usize, StoreError> {
        PostgresStore::migrate(address, grant).await
    }

    /// Whether nothing can be stored. Uses of keys are then not recorded.
    pub(crate) fn is_read_only(&self) -> bool {
        match &self.0 {
            Engine::Sqlite(engine) => engine.is_read_only(),
            Engine::Postgres(_) => false,
        }
    }

    /// Fails if the database is not where it was opened: what is stored would be lost. Takes microseconds.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.check(),
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Fails if nothing can be stored now.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.check_writable().await,
            Engine::Postgres(engine) => engine.check_writable(),
        }
    }

    /// A page of keys.
    pub(crate) async fn list(&self, request: PageQuery, now: DateTime<Utc>) -> Result<KeyPage, StoreError> {
        engine!(self.list(request, now))
    }

    /// Where a key stands in a list; none if the list doesn't have it.
    pub(crate) async fn find(
        &self,
        request: PageQuery,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Keyset>, StoreError> {
        engine!(self.find(request, id, now))
    }

    /// The uses of each of these keys on each of so many days in UTC, of which today is the last.
    pub(crate) async fn daily_uses(
        &self,
        ids: Vec<String>,
        now: DateTime<Utc>,
        days: u16,
    ) -> Result<Vec<Box<[u64]>>, StoreError> {
        let first = usage::day(now) - i64::from(days) + 1;
        let counted = engine!(self.daily_uses(ids.clone(), first))?;
        Ok(usage::by_day(&ids, &counted, first, days))
    }

    /// How many keys meet each of several conditions; `None` where that is not known within [`keys::COUNTED_FOR`] for all
    /// together.
    pub(crate) async fn count(&self, all: Vec<Conditions>, now: DateTime<Utc>) -> Result<Vec<Option<u64>>, StoreError> {
        engine!(self.count(all, now))
    }

    /// One key.
    pub(crate) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
        engine!(self.key(id, now))
    }

    /// Creates a key, unless this request was made before.
    pub(crate) async fn create(&self, new: KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        engine!(self.create(new, now))
    }

    /// Changes a key and gives it as it is then.
    pub(crate) async fn edit(
        &self,
        id: &str,
        change: Change,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<AccessKey>, StoreError> {
        engine!(self.edit(id, change, actor, now))
    }

    /// Deletes a key and everything but its history; one of another revision only if none is given.
    pub(crate) async fn delete(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<()>, StoreError> {
        engine!(self.delete(id, revision, actor, now))
    }

    /// Events, those of deleted keys and removed administrators too. Events are numbered so that a reader that has seen
    /// one never misses an event with a lower number that is stored later: an engine whose numbers can come out of order
    /// gives an event only once no lower number can follow.
    pub(crate) async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        engine!(self.events(query))
    }

    /// What decides about the use of a key. Takes as long for an ID that no key has.
    pub(crate) async fn credential(&self, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
        engine!(self.credential(id, now))
    }

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

    /// Stores uses and refusals. A key keeps its latest use, whichever server records it, and the newest refusals; so does
    /// an administrator with refused sign-ins. Counts are summed for each key and hour, for some addresses separately.
    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), StoreError> {
        engine!(self.record(recorded))
    }

    /// How a key was used. Counts of a deleted key stay for as long as others do.
    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<StoredUsage, StoreError> {
        engine!(self.usage(query))
    }

    /// Deletes counts that are too old for any query, at most `most` of each kind. Returns whether there may be more.
    pub(crate) async fn forget_usage(&self, now: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        engine!(self.forget_usage(now, most))
    }

    /// Deletes up to `most` of the events before a time that are kept for a time only: uses and refusals. What
    /// administrators did is kept. Tells whether there may be more.
    pub(crate) async fn forget_events(&self, before: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        engine!(self.forget_events(before, most))
    }

    /// The ID and the encrypted secret of any key, which shows whether a master key is the right one. `None` if there
    /// are no keys.
    pub(crate) async fn encrypted_sample(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        engine!(self.encrypted_sample())
    }

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
