//! Sealed secrets that nothing has confirmed yet.

use chrono::{DateTime, Utc};

use crate::domain::SealedSecret;
use crate::server::store::error::StoreError;
use crate::server::store::keys::KeyInsert;
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::PostgresStore;

impl PostgresStore {
    pub(crate) async fn delivered(&self, id: &str, username: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM undelivered WHERE key_id = $1 AND username = $2";
        Ok(self.lend().await?.execute(sql, args![id, username]).await? > 0)
    }

    pub(crate) async fn forget_undelivered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        // Servers do this at the same time: none waits for another.
        let sql = "DELETE FROM undelivered WHERE ctid = ANY (ARRAY
                       (SELECT ctid FROM undelivered WHERE until <= $1 FOR UPDATE SKIP LOCKED))";
        self.lend().await?.execute(sql, args![now.timestamp_millis()]).await?;
        Ok(())
    }
}

pub(super) async fn insert(transaction: &mut Lent<'_>, new: &KeyInsert, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Some(SealedSecret(sealed)) = &new.sealed else { return Ok(()) };
    let until = (now + SealedSecret::KEPT).timestamp_millis();
    let sql = "INSERT INTO undelivered (key_id, username, sealed, until) VALUES ($1, $2, $3, $4)";
    let (id, username) = (new.id.raw_for_api(), new.actor.name.as_str());
    transaction.execute(sql, args![id, username, sealed.as_slice(), until]).await?;
    Ok(())
}

/// The sealed secret of a key, as long as it is kept.
pub(super) async fn find(
    transaction: &mut Lent<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<SealedSecret>, StoreError> {
    let sql = "SELECT sealed FROM undelivered WHERE key_id = $1 AND until > $2";
    let row = transaction.row(sql, args![id, now.timestamp_millis()]).await?;
    Ok(row.map(|row| SealedSecret(row.get(0))))
}
