//! The digests of secrets, which find the key of a secret.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use crate::server::store::error::StoreError;
use crate::server::store::keys::{Digested, SecretDigest, SecretOwner, StoredSecret};
use crate::server::store::sqlite::keys::row::{columns, key};
use crate::server::store::sqlite::store::SqliteStore;

impl SqliteStore {
    pub(crate) async fn secret_owner(
        &self,
        digests: Vec<SecretDigest>,
        now: DateTime<Utc>,
    ) -> Result<SecretOwner, StoreError> {
        self.read(move |connection| {
            let places = vec!["?"; digests.len()].join(", ");
            let found = format!(
                "SELECT {} FROM keys WHERE seq = (SELECT seq FROM digests WHERE digest IN ({places}))",
                columns()
            );
            let mut found = connection.prepare_cached(&found)?;
            if let Some(key) = found.query_row(params_from_iter(&digests), |row| key(row, now)).optional()? {
                return Ok(SecretOwner::Key(Box::new(key)));
            }
            let is_missing_some = !secrets(connection, 0, 1)?.is_empty();
            Ok(if is_missing_some { SecretOwner::Unknown } else { SecretOwner::Nobody })
        })
        .await
    }

    pub(crate) async fn without_digest(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        self.read(move |connection| secrets(connection, after, limit)).await
    }

    pub(crate) async fn add_digests(&self, digests: Vec<Digested>) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let sql = "UPDATE digests SET digest = ?3 WHERE seq = ?1 AND digest IS NULL
                       AND EXISTS (SELECT 1 FROM sealed WHERE seq = ?1 AND secret = ?2)";
            let mut statement = transaction.prepare_cached(sql)?;
            for digested in digests {
                statement.execute(params![digested.seq, digested.encrypted, digested.stored()])?;
            }
            Ok(())
        })
        .await
    }
}

/// Encrypted secrets without a digest. A database has tens of thousands of times as many with one, so that the planner is
/// told which index to read.
fn secrets(connection: &Connection, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
    let sql = "SELECT d.seq, k.id, s.secret
               FROM digests d INDEXED BY digests_to_make JOIN keys k ON k.seq = d.seq JOIN sealed s ON s.seq = d.seq
               WHERE d.digest IS NULL AND d.seq > ?1 ORDER BY d.seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([after, limit], |row| {
        Ok(StoredSecret { seq: row.get(0)?, id: row.get(1)?, encrypted: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores the digest of a secret that is stored in the same transaction.
pub(crate) fn set(transaction: &Transaction<'_>, seq: i64, digest: &SecretDigest) -> Result<(), StoreError> {
    let sql = "UPDATE digests SET digest = ?2 WHERE seq = ?1";
    transaction.prepare_cached(sql)?.execute(params![seq, digest])?;
    Ok(())
}
