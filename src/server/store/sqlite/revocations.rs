//! Revocations and signing keys, read again only when another connection has committed something.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use super::events;
use super::master_keys;
use super::store::SqliteStore;
use crate::platform::process::boot_time::since_boot;
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::sqlite::connection::connections::Connections;
use crate::server::store::sqlite::file::wal_index::{Header, WalIndex};
use crate::server::store::tokens::revocations::{Issued, Issuing, KEPT_WITHOUT_US, Revocation, Revocations};
use crate::server::store::tokens::signing_keys::{NewSigningKey, SigningKeys, StoredSigningKey, accepted_for};

/// How long to wait for the database. In the log-ahead mode a reader waits only for the repair after a crash.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a process may go on without knowing what others have stored: each looks at every request.
const LEASE: Duration = Duration::ZERO;
/// How often it is looked whether the files are still there. Less often than there are requests: no answer to a
/// revocation depends on it.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// What is known of revocations, and the connection that tells whether there are new ones.
#[derive(Default)]
pub(crate) struct RevocationWatch(Mutex<Watched>);

#[derive(Default)]
pub(crate) struct Watched {
    reader: WatchConnection,
    /// The commit up to which the revocations were last read.
    read: Option<LastCommit>,
    known: Revocations,
    signing: SigningKeys,
}

/// The connection that looks things up on the thread of a request.
#[derive(Default)]
struct WatchConnection {
    /// Idle in between, so that it notices the commits of all others.
    connection: Option<(Connection, Option<WalIndex>)>,
    /// When the files were last looked at.
    looked_at: Option<Instant>,
}

/// What tells one commit from all others.
#[derive(PartialEq)]
enum LastCommit {
    Index(Header),
    /// `PRAGMA data_version`, which takes four locks: for stores that can't be written, which have no index in a file.
    Version(i64),
}

impl WatchConnection {
    /// The connection to files that are still there, and the index that it uses.
    fn connect(&mut self, connections: &Connections) -> Result<&(Connection, Option<WalIndex>), StoreError> {
        let now = Instant::now();
        if self.looked_at.is_none_or(|at| now.saturating_duration_since(at) >= LOOKED_AT_EVERY) {
            connections.check()?;
            self.looked_at = Some(now);
        }
        match &mut self.connection {
            Some(connected) => Ok(connected),
            none => {
                let new = connections.open()?;
                new.busy_timeout(PATIENCE)?;
                let index = WalIndex::of(&new, connections.path());
                Ok(none.insert((new, index)))
            }
        }
    }
}

impl RevocationWatch {
    /// Looks up one thing on this thread: it takes some microseconds, and to hand it to another thread takes longer.
    pub(super) fn look_up<T>(
        &self,
        connections: &Connections,
        look_up: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        look_up(&self.lock().reader.connect(connections)?.0)
    }

    /// All revocations that are committed now. Where nothing was committed since the last time, this takes a microsecond.
    fn current(&self, connections: &Connections) -> Result<MutexGuard<'_, Watched>, StoreError> {
        let mut watched = self.lock();
        let Watched { reader, read, known, signing } = &mut *watched;
        let (connection, index) = reader.connect(connections)?;
        // Before the rows: what is committed in between is read now, and looked for once more the next time.
        let now = match index.as_ref().and_then(WalIndex::header) {
            Some(header) => LastCommit::Index(header),
            None => {
                LastCommit::Version(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
            }
        };
        if read.as_ref() != Some(&now) {
            let new = newer(connection, known.newest())?;
            known.learn(new, Instant::now());
            signing.learn(signing_keys(connection)?, since_boot());
            *read = Some(now);
        }
        Ok(watched)
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The revocations after a number, in their order.
fn newer(connection: &Connection, than: i64) -> Result<Vec<Revocation>, StoreError> {
    let sql = "SELECT n, key_id, generation, not_after FROM revocations WHERE n > ?1 ORDER BY n";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([than], |row| {
        Ok(Revocation { number: row.get(0)?, key: row.get(1)?, generation: row.get(2)?, not_after: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The signing keys, the oldest first, and how old they are.
pub(super) fn signing_keys(connection: &Connection) -> Result<Vec<(StoredSigningKey, Duration)>, StoreError> {
    let sql =
        "SELECT id, encrypted, max(0, CAST(unixepoch('subsec') * 1000 AS INTEGER) - at) FROM signing_keys ORDER BY n";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let age = Duration::from_millis(row.get::<_, i64>(2)?.unsigned_abs());
        Ok((StoredSigningKey { id: row.get(0)?, encrypted: row.get(1)? }, age))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a signing key, which is the newest.
pub(super) fn add_signing_key(transaction: &Transaction<'_>, new: &NewSigningKey) -> Result<(), StoreError> {
    if new.ends_others {
        transaction.execute("DELETE FROM signing_keys", [])?;
    }
    let sql =
        "INSERT INTO signing_keys (id, encrypted, at) VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER))";
    transaction.execute(sql, params![new.id, new.encrypted])?;
    Ok(())
}

/// Revokes every access token that was issued so far.
pub(super) fn revoke_all_tokens(transaction: &Transaction<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let sql = "INSERT INTO revocations (key_id, generation, at)
               SELECT '', max(coalesce(max(generation), 0) + 1, ?1), ?1 FROM revocations WHERE key_id = ''";
    transaction.execute(sql, [now.timestamp_millis()])?;
    Ok(())
}

impl SqliteStore {
    pub(crate) fn is_revoked(&self, token: Issued<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let connections = self.connections();
        let watched = connections.revocations.current(connections)?;
        Ok(!watched.signing.accept(token.signed_by, since_boot(), LEASE) || watched.known.has(token, now))
    }

    pub(crate) fn issuing(&self) -> Result<Issuing, StoreError> {
        let connections = self.connections();
        let watched = connections.revocations.current(connections)?;
        let signed_by = watched.signing.to_sign(since_boot(), LEASE).map(Arc::clone).ok_or(StoreError::Foreign)?;
        Ok(Issuing { of_all: watched.known.of_all(), signed_by })
    }

    pub(crate) fn signing_keys(&self) -> Result<Vec<Arc<StoredSigningKey>>, StoreError> {
        let connections = self.connections();
        Ok(connections.revocations.current(connections)?.signing.all())
    }

    pub(crate) async fn add_signing_key(
        &self,
        new: NewSigningKey,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write_urgent(move |transaction| {
            master_keys::check(transaction, &new.encrypted_by)?;
            add_signing_key(transaction, &new)?;
            let event = NewEvent::of(&actor, Subject::Server, EventKind::SigningKeyRotated, now);
            events::insert(transaction, &NewEvent { detail: Some(new.words()), ..event })
        })
        .await
    }

    pub(crate) async fn forget_revocations(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        let connections = self.connections();
        let through = connections.revocations.current(connections)?.known.forget(Instant::now());
        let before = (now - KEPT_WITHOUT_US).timestamp_millis();
        let replaced = i64::try_from(accepted_for(LEASE).as_millis()).unwrap_or(i64::MAX);
        let ended =
            "n < (SELECT max(n) FROM signing_keys WHERE at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1)";
        let due = format!(
            "SELECT EXISTS (SELECT 1 FROM revocations WHERE key_id <> '' AND (n <= ?2 OR at < ?3))
                 OR EXISTS (SELECT 1 FROM signing_keys WHERE {ended})"
        );
        let values = [replaced, through, before];
        if !self.read(move |connection| Ok(connection.query_row(&due, values, |row| row.get(0))?)).await? {
            return Ok(());
        }
        self.write(move |transaction| {
            transaction.execute(&format!("DELETE FROM signing_keys WHERE {ended}"), [replaced])?;
            let sql = "DELETE FROM revocations WHERE key_id <> '' AND (n <= ?1 OR at < ?2)";
            transaction.execute(sql, params![through, before])?;
            Ok(())
        })
        .await
    }
}
