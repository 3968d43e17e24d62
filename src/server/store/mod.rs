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

/// Calls the engine's method of the same name, and measures it.
macro_rules! engine {
    ($store:ident.$method:ident($($argument:expr),*)) => {{
        let begun = std::time::Instant::now();
        let done = match &$store.0 {
            $crate::server::store::Engine::Sqlite(engine) => engine.$method($($argument),*).await,
            $crate::server::store::Engine::Postgres(engine) => engine.$method($($argument),*).await,
        };
        $crate::server::metrics::METRICS.stored(stringify!($method), begun.elapsed());
        done
    }};
}

mod access;
mod around;
mod backup;
mod calls;
#[cfg(test)]
mod contract;
mod copy;
mod error;
mod events;
mod handovers;
mod keys;
mod keyset;
mod postgres;
mod rotation;
mod sought;
mod sqlite;
mod status;
mod tokens;
mod usage;
mod webhook;

use std::path::PathBuf;

use postgres::PostgresStore;
use sqlite::SqliteStore;

pub(crate) use access::administrators::AdminAccount;
pub use access::administrators::{AdminOutcome, Administrator, PasswordChange};
pub(crate) use access::sessions::{
    Digest, LIFETIME as SESSION_LIFETIME, NewSession, RevokeAll, SessionId, SessionRow, StoredSession,
};
pub(crate) use access::tries::TryLimit;
pub(crate) use backup::OpenedBackup;
pub use backup::{Comparison, Manifest};
pub use copy::{CopiedRows, Progress};
pub(crate) use copy::{Copying, Part};
pub use error::StoreError;
pub use events::Actor;
pub(crate) use events::{
    EventKind, EventQuery, FieldChange, NewEvent, Refusals, StoredEvent, Subject, USED_AFTER_ROTATION, minute,
};
pub(crate) use handovers::{
    HandoverOutcome, HandoverState, HandoverStep, NewHandover, Opener, StoredHandover, WhichHandover,
};
pub(crate) use keys::{
    Change, ChangeOutcome, CreateOutcome, Digested, ExpiryChange, KeyCredential, KeyInsert, KeyPage, KeyRow,
    OwnerCount, PageQuery, SecretDigest, SecretOwner, StoredSecret, Use,
};
pub(crate) use keyset::{Keyset, SortValue};
pub(crate) use postgres::copy as postgres_copy;
pub use postgres::{AddressError, DatabaseAddress, DatabaseFiles, LeaseSetup};
pub(crate) use rotation::{RotationEnd, RotationInsert, RotationOutcome, RotationRefusal, StoredRotation};
pub(crate) use sqlite::file::backup as sqlite_backup;
pub(crate) use sqlite::file::copy as sqlite_copy;
pub use sqlite::{blocking_threads, document};
pub use tokens::master_keys::HeldMasterKeys;
pub(crate) use tokens::master_keys::{MasterKeys, Reencrypted};
pub(crate) use tokens::revocations::{Issued, Issuing};
pub(crate) use tokens::signing_keys::{NewSigningKey, StoredSigningKey, accepted_for};
pub(crate) use usage::{HourCount, IssuedTokens, MOST_COUNTED_ADDRESSES, Recorded, StoredUsage, UsageQuery, hour};
pub(crate) use webhook::{
    ClaimedMessage, HANDOVER_EXPIRED, NewMessage, OPENED_AGAIN, OPENED_AGAIN_EVERY, Settled, TRIED_TOO_OFTEN,
    USED_LATE, USED_LATE_EVERY, reminder,
};

/// An open store. Clones share its connections.
#[derive(Clone)]
pub struct Store(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
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
}
