//! Revocations, read again only when another connection has committed something.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use super::connections::Connections;
use super::store::SqliteStore;
use crate::server::store::error::StoreError;
use crate::server::store::revocations::{Issued, KEPT_WITHOUT_US, Revocation, Revocations};

/// How long to wait for the database. In the log-ahead mode a reader waits only for the repair after a crash.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of revocations, and the connection that tells whether there are new ones.
#[derive(Default)]
pub(crate) struct RevocationWatch(Mutex<Watched>);

#[derive(Default)]
pub(crate) struct Watched {
    /// Idle in between, so that it notices the commits of all others.
    connection: Option<Connection>,
    /// What `PRAGMA data_version` gave when the revocations were last read.
    version: Option<i64>,
    known: Revocations,
}

impl RevocationWatch {
    /// All revocations that are committed now. Where nothing was committed since the last time, this takes some
    /// microseconds, since it reads the header of an index in shared memory.
    fn current(&self, connections: &Connections) -> Result<MutexGuard<'_, Watched>, StoreError> {
        connections.check()?;
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Watched { connection, version, known } = &mut *watched;
        let connection = match connection {
            Some(connection) => connection,
            none => {
                let new = connections.open()?;
                new.busy_timeout(PATIENCE)?;
                none.insert(new)
            }
        };
        // Before the rows: what is committed in between is read now, and looked for once more the next time.
        let now = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if *version != Some(now) {
            let new = newer(connection, known.newest())?;
            known.learn(new, Instant::now());
            *version = Some(now);
        }
        Ok(watched)
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
        Ok(connections.revocations.current(connections)?.known.has(token, now))
    }

    pub(crate) fn token_generation(&self) -> Result<i64, StoreError> {
        let connections = self.connections();
        Ok(connections.revocations.current(connections)?.known.of_all())
    }

    pub(crate) async fn forget_revocations(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        let connections = self.connections();
        let through = connections.revocations.current(connections)?.known.forget(Instant::now());
        let before = (now - KEPT_WITHOUT_US).timestamp_millis();
        let due = "SELECT EXISTS (SELECT 1 FROM revocations WHERE key_id <> '' AND (n <= ?1 OR at < ?2))";
        if !self.read(move |connection| Ok(connection.query_row(due, [through, before], |row| row.get(0))?)).await? {
            return Ok(());
        }
        self.write(move |transaction| {
            let sql = "DELETE FROM revocations WHERE key_id <> '' AND (n <= ?1 OR at < ?2)";
            transaction.execute(sql, params![through, before])?;
            Ok(())
        })
        .await
    }
}
