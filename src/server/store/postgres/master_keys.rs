//! Which master keys the secrets are encrypted with, and their replacement.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::args::args;
use super::events;
use super::store::{PostgresStore, again};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::servers::lease::{LIVE_SERVERS, SIGNING_KEYS};
use crate::server::store::tokens::master_keys::{MasterKeys, Reencrypted};
use crate::server::store::tokens::signing_keys::StoredSigningKey;

async fn read(transaction: &mut Lent<'_>) -> Result<MasterKeys, StoreError> {
    let row = transaction.row("SELECT master_key, old_master_key FROM meta", &[]).await?;
    let row = row.ok_or(StoreError::Unsuited("its table meta is empty"))?;
    Ok(MasterKeys { current: row.get(0), old: row.get(1) })
}

/// Refuses what is encrypted with another master key than the one that encrypts now. A rotation begins between
/// transactions that write, so that this stays true until the end of this one.
pub(super) async fn check(transaction: &mut Lent<'_>, encrypted_by: &str) -> Result<(), StoreError> {
    if read(transaction).await?.allow(encrypted_by) { Ok(()) } else { Err(StoreError::OtherMasterKey) }
}

impl PostgresStore {
    pub(crate) async fn master_keys(&self) -> Result<MasterKeys, StoreError> {
        let mut transaction = self.begin().await?;
        let keys = read(&mut transaction).await?;
        transaction.commit().await?;
        Ok(keys)
    }

    pub(crate) async fn begin_master_key(
        &self,
        keys: MasterKeys,
        sealed: Vec<u8>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        again!(self.try_begin_master_key(&keys, &sealed, &actor, now))
    }

    async fn try_begin_master_key(
        &self,
        keys: &MasterKeys,
        sealed: &[u8],
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let found = read(&mut transaction).await?;
        if found == *keys {
            return Ok(Vec::new());
        }
        if found.old.is_some() || found.current.is_some() && found.current != keys.old {
            return Err(StoreError::OtherMasterKey);
        }
        // A server that is starting has told of itself before, or reads what is stored here afterwards.
        let sql =
            format!("SELECT DISTINCT name FROM servers WHERE {LIVE_SERVERS} AND NOT $1 = ANY (master_keys) ORDER BY 1");
        let lacking = transaction.rows(&sql, args![keys.current.clone().unwrap_or_default()]).await?;
        if !lacking.is_empty() {
            return Ok(lacking.iter().map(|row| row.get(0)).collect());
        }
        let sql = "UPDATE meta SET master_key = $1, old_master_key = $2, sealed = $3";
        transaction.execute(sql, args![keys.current, keys.old, sealed]).await?;
        let detail = Some(format!("begun: new key {}", keys.current.clone().unwrap_or_default()));
        let event = NewEvent::of(actor, Subject::Server, EventKind::MasterKeyRotated, now);
        events::insert(&mut transaction, &NewEvent { detail, ..event }).await?;
        transaction.commit().await?;
        Ok(Vec::new())
    }

    pub(crate) async fn reencrypt(&self, by: String, secrets: Vec<Reencrypted>) -> Result<(), StoreError> {
        again!(self.try_reencrypt(&by, &secrets))
    }

    async fn try_reencrypt(&self, by: &str, secrets: &[Reencrypted]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        check(&mut transaction, by).await?;
        for Reencrypted { seq, old, new, digest } in secrets {
            let sql = "WITH key AS (UPDATE keys SET secret = $3 WHERE seq = $1 AND secret = $2 RETURNING seq)
                       UPDATE digests d SET digest = $4 FROM key WHERE d.seq = key.seq";
            transaction.execute(sql, args![*seq, *old, *new, digest.as_slice()]).await?;
        }
        transaction.commit().await
    }

    pub(crate) async fn stored_signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError> {
        let rows = self.lend().await?.rows("SELECT id, encrypted FROM signing_keys ORDER BY n", &[]).await?;
        let key = |row: &Row| StoredSigningKey { id: row.get(0), encrypted: row.get(1) };
        Ok(rows.iter().map(key).collect())
    }

    pub(crate) async fn reencrypt_signing_key(
        &self,
        by: String,
        id: String,
        encrypted: Vec<u8>,
    ) -> Result<(), StoreError> {
        again!(self.try_reencrypt_signing_key(&by, &id, &encrypted))
    }

    async fn try_reencrypt_signing_key(&self, by: &str, id: &str, encrypted: &[u8]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        check(&mut transaction, by).await?;
        transaction.rows("SELECT revoke_tokens($1, 0, NULL)", args![SIGNING_KEYS]).await?;
        transaction.execute("UPDATE signing_keys SET encrypted = $2 WHERE id = $1", args![id, encrypted]).await?;
        transaction.commit().await
    }

    pub(crate) async fn end_master_key(&self, by: String, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        again!(self.try_end_master_key(&by, &actor, now))
    }

    async fn try_end_master_key(&self, by: &str, actor: &Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        check(&mut transaction, by).await?;
        transaction.execute("UPDATE meta SET old_master_key = NULL", &[]).await?;
        let event = NewEvent::of(actor, Subject::Server, EventKind::MasterKeyRotated, now);
        let detail = Some("nothing needs the old key any more".to_owned());
        events::insert(&mut transaction, &NewEvent { detail, ..event }).await?;
        transaction.commit().await
    }
}
