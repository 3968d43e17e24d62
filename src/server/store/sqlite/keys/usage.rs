//! What an exchange needs to know of a key, and what its use leaves behind.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::server::store::access::sessions::MOST_AHEAD;
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyCredential, StoredSecret, Use};
use crate::server::store::sqlite::events;
use crate::server::store::sqlite::keys::counts;
use crate::server::store::sqlite::keys::row::time;
use crate::server::store::sqlite::store::SqliteStore;
use crate::server::store::status::{SwitchedOff, status};
use crate::server::store::usage::Recorded;

impl SqliteStore {
    /// Reads the key at or after this ID, and only then checks whether it is the one: the work is the same for an ID that
    /// no key has, so that timing reveals nothing (at the end of the index it starts over).
    pub(crate) async fn credential(&self, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
        let connections = self.connections();
        match connections.revocations.look_up(connections, |connection| credential(connection, id, now)) {
            Err(StoreError::Busy) => {
                let id = id.to_owned();
                self.read(move |connection| credential(connection, &id, now)).await
            }
            found => found,
        }
    }

    pub(crate) async fn first_use(&self, id: &str, first: Use) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write_grouped(true, move |transaction| {
            let sql = "UPDATE keys SET last_used_at = ?2, last_used_from = ?3 WHERE id = ?1 AND last_used_at = 0";
            let stored = transaction.execute(sql, params![id, first.at.timestamp_millis(), first.from])?;
            let exists = "SELECT EXISTS (SELECT 1 FROM keys WHERE id = ?1)";
            Ok(stored > 0 || transaction.query_row(exists, [&id], |row| row.get(0))?)
        })
        .await
    }

    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        self.write(move |transaction| {
            let Recorded { uses, events, refusals, counts, issued } = &recorded;
            let sql = "UPDATE keys SET last_used_at = ?2, last_used_from = ?3
                       WHERE id = ?1 AND (last_used_at <= ?2 OR last_used_at > ?4)";
            let mut statement = transaction.prepare_cached(sql)?;
            for (id, last) in uses {
                let latest = (last.at + MOST_AHEAD).timestamp_millis();
                statement.execute(params![id, last.at.timestamp_millis(), last.from, latest])?;
            }
            for event in events {
                events::insert(transaction, event)?;
            }
            for refusals in refusals {
                events::refuse(transaction, refusals)?;
            }
            refused(transaction, &recorded)?;
            counts::add(transaction, counts, issued)
        })
        .await
    }

    pub(crate) async fn secrets(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT seq, id, secret FROM keys JOIN sealed USING (seq) WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([after, limit], |row| {
                Ok(StoredSecret { seq: row.get(0)?, id: row.get(1)?, encrypted: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn encrypted_sample(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT id, secret FROM sealed JOIN keys USING (seq) ORDER BY seq LIMIT 1";
            Ok(connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })
        .await
    }
}

/// Stores the last refusal of each key, and its last use after a rotation.
fn refused(transaction: &Transaction<'_>, recorded: &Recorded) -> Result<(), StoreError> {
    let sql = "UPDATE keys SET refused_at = ?2, refused_from = ?3 WHERE id = ?1 AND ifnull(refused_at, 0) <= ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    for (id, at, from) in recorded.refused() {
        statement.execute(params![id, at.timestamp_millis(), from])?;
    }
    let sql = "UPDATE keys SET late_use_at = ?2 WHERE id = ?1 AND ifnull(late_use_at, 0) <= ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    for (id, at) in recorded.late_uses() {
        statement.execute(params![id, at.timestamp_millis()])?;
    }
    Ok(())
}

/// Looks for the key at or after an ID, so that one that doesn't exist takes as long.
fn credential(connection: &Connection, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, switched_off, expires_at, generation, secret, reactivates_at, replaced_by IS NOT NULL,
                rotates_until > ?2 AND replaces IS NOT NULL AND last_used_at = 0
         FROM keys JOIN sealed USING (seq)
         WHERE id >= ?1 ORDER BY id LIMIT 1",
    )?;
    let mut at_or_after = |id: &str| {
        let found = statement.query_row(params![id, now.timestamp_millis()], |row| {
            let expires_at = row.get::<_, Option<i64>>(2)?.map(time);
            let off = SwitchedOff { is_off: row.get(1)?, until: row.get::<_, Option<i64>>(5)?.map(time) };
            let status = status(off, expires_at, now);
            let (generation, encrypted, is_replaced, is_unused_successor) =
                (row.get(3)?, row.get(4)?, row.get(6)?, row.get(7)?);
            let credential =
                KeyCredential { status, expires_at, generation, encrypted, is_replaced, is_unused_successor };
            Ok((row.get::<_, String>(0)?, credential))
        });
        found.optional()
    };
    let found = match at_or_after(id)? {
        None => at_or_after("")?,
        found => found,
    };
    Ok(found.filter(|(found, _)| *found == id).map(|(_, credential)| credential))
}
