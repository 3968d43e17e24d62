//! Sealed secrets that nothing has confirmed yet.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::domain::SealedSecret;
use crate::server::store::error::StoreError;
use crate::server::store::keys::KeyInsert;
use crate::server::store::sqlite::store::SqliteStore;

impl SqliteStore {
    pub(crate) async fn delivered(&self, id: &str, username: &str) -> Result<bool, StoreError> {
        let about = [id.to_owned(), username.to_owned()];
        self.write(move |transaction| {
            let sql = "DELETE FROM undelivered WHERE key_id = ?1 AND username = ?2";
            Ok(transaction.prepare_cached(sql)?.execute(about)? > 0)
        })
        .await
    }

    pub(crate) async fn forget_undelivered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let now = now.timestamp_millis();
        let due = "SELECT EXISTS (SELECT 1 FROM undelivered WHERE until <= ?1)";
        if self.is_read_only()
            || !self.read(move |connection| Ok(connection.query_row(due, [now], |row| row.get(0))?)).await?
        {
            return Ok(());
        }
        self.write(move |transaction| {
            transaction.execute("DELETE FROM undelivered WHERE until <= ?1", [now])?;
            Ok(())
        })
        .await
    }
}

pub(super) fn insert(transaction: &Transaction<'_>, new: &KeyInsert, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Some(SealedSecret(sealed)) = &new.sealed else { return Ok(()) };
    let until = (now + SealedSecret::KEPT).timestamp_millis();
    let sql = "INSERT INTO undelivered (key_id, username, sealed, until) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(sql)?.execute(params![new.id.raw_for_api(), new.actor.name, sealed, until])?;
    Ok(())
}

/// The sealed secret of a key, as long as it is kept.
pub(super) fn find(
    transaction: &Transaction<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<SealedSecret>, StoreError> {
    let sql = "SELECT sealed FROM undelivered WHERE key_id = ?1 AND until > ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row(params![id, now.timestamp_millis()], |row| row.get(0).map(SealedSecret)).optional()?)
}
