//! The digests of secrets, which find the key of a secret.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::server::store::error::StoreError;
use crate::server::store::keys::{Digested, SecretDigest, SecretOwner, StoredSecret};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::keys::row::{COLUMNS, TABLES, key};
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};

impl PostgresStore {
    pub(crate) async fn secret_owner(
        &self,
        digests: Vec<SecretDigest>,
        now: DateTime<Utc>,
    ) -> Result<SecretOwner, StoreError> {
        let digests: Vec<Vec<u8>> = digests.into_iter().map(Vec::from).collect();
        let sql =
            format!("SELECT {COLUMNS} FROM {TABLES} WHERE k.seq = (SELECT seq FROM digests WHERE digest = ANY ($1))");
        if let Some(row) = self.lend().await?.row(&sql, args![digests]).await? {
            return Ok(SecretOwner::Key(Box::new(key(&row, now)?)));
        }
        // Both of one moment: it may have been made since.
        let sql = "SELECT EXISTS (SELECT 1 FROM digests WHERE digest = ANY ($1))
                          OR EXISTS (SELECT 1 FROM digests WHERE digest IS NULL)";
        let row = self.by_index().await?.row(sql, args![digests]).await?;
        let is_known = row.is_some_and(|row| !row.get::<_, bool>(0));
        Ok(if is_known { SecretOwner::Nobody } else { SecretOwner::Unknown })
    }

    pub(crate) async fn without_digest(&self, after: i64, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
        let sql = "SELECT d.seq, k.id, k.secret FROM digests d JOIN keys k USING (seq)
                   WHERE d.digest IS NULL AND d.seq > $1 ORDER BY d.seq LIMIT $2";
        let rows = self.by_index().await?.rows(sql, args![after, limit]).await?;
        let secret = |row: &Row| StoredSecret { seq: row.get(0), id: row.get(1), encrypted: row.get(2) };
        Ok(rows.iter().map(secret).collect())
    }

    /// A transaction in which no table is read from its beginning to its end. Statistics may be from a time when many
    /// digests were missing: one would then be looked for in all rows.
    async fn by_index(&self) -> Result<Lent<'_>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        transaction.batch("SET LOCAL enable_seqscan = off").await?;
        Ok(transaction)
    }

    pub(crate) async fn add_digests(&self, digests: Vec<Digested>) -> Result<(), StoreError> {
        again!(self.try_add_digests(&digests))
    }

    async fn try_add_digests(&self, digests: &[Digested]) -> Result<(), StoreError> {
        let places: Vec<i64> = digests.iter().map(|one| one.seq).collect();
        let encrypted: Vec<Vec<u8>> = digests.iter().map(|one| one.encrypted.clone()).collect();
        let made: Vec<Vec<u8>> = digests.iter().map(Digested::stored).collect();
        let mut transaction = self.begin().await?;
        // In one order, as other servers make them too.
        let sql = "WITH new AS (
                       SELECT d.seq, new.digest
                       FROM unnest($1, $2, $3) AS new (seq, secret, digest)
                            JOIN digests d ON d.seq = new.seq JOIN keys k ON k.seq = new.seq AND k.secret = new.secret
                       WHERE d.digest IS NULL ORDER BY d.seq FOR UPDATE OF d)
                   UPDATE digests d SET digest = new.digest FROM new WHERE d.seq = new.seq AND d.digest IS NULL";
        transaction.execute(sql, args![places, encrypted, made]).await?;
        transaction.commit().await
    }
}
