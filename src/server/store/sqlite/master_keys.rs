//! Which master keys the secrets are encrypted with, and their replacement.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::events;
use super::keys::digests;
use super::revocations::signing_keys;
use super::store::SqliteStore;
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::tokens::master_keys::{MasterKeys, Reencrypted};
use crate::server::store::tokens::signing_keys::StoredSigningKey;

fn read(connection: &Connection) -> Result<MasterKeys, StoreError> {
    let sql = "SELECT master_key, old_master_key FROM store";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| Ok(MasterKeys { current: row.get(0)?, old: row.get(1)? }))?)
}

/// Refuses what is encrypted with another master key than the one that encrypts now.
pub(super) fn check(connection: &Connection, encrypted_by: &str) -> Result<(), StoreError> {
    if read(connection)?.allow(encrypted_by) { Ok(()) } else { Err(StoreError::OtherMasterKey) }
}

impl SqliteStore {
    pub(crate) async fn master_keys(&self) -> Result<MasterKeys, StoreError> {
        self.read(read).await
    }

    /// Every process on the folder finds the new key beside the old one when it needs it, so none is waited for.
    pub(crate) async fn begin_master_key(
        &self,
        keys: MasterKeys,
        _sealed: Vec<u8>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        self.write(move |transaction| {
            let found = read(transaction)?;
            if found == keys {
                return Ok(Vec::new());
            }
            if found.old.is_some() || found.current.is_some() && found.current != keys.old {
                return Err(StoreError::OtherMasterKey);
            }
            let sql = "UPDATE store SET master_key = ?1, old_master_key = ?2";
            transaction.execute(sql, params![keys.current, keys.old])?;
            let detail = Some(format!("begun: new key {}", keys.current.unwrap_or_default()));
            let event = NewEvent::of(&actor, Subject::Server, EventKind::MasterKeyRotated, now);
            events::insert(transaction, &NewEvent { detail, ..event })?;
            Ok(Vec::new())
        })
        .await
    }

    pub(crate) async fn reencrypt(&self, by: String, secrets: Vec<Reencrypted>) -> Result<(), StoreError> {
        self.write(move |transaction| {
            check(transaction, &by)?;
            let mut statement = transaction.prepare("UPDATE sealed SET secret = ?3 WHERE seq = ?1 AND secret = ?2")?;
            for Reencrypted { seq, old, new, digest } in secrets {
                if statement.execute(params![seq, old, new])? > 0 {
                    digests::set(transaction, seq, &digest)?;
                }
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn stored_signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError> {
        self.read(|connection| Ok(signing_keys(connection)?.into_iter().map(|(key, _)| key).collect())).await
    }

    pub(crate) async fn reencrypt_signing_key(
        &self,
        by: String,
        id: String,
        encrypted: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            check(transaction, &by)?;
            transaction.execute("UPDATE signing_keys SET encrypted = ?2 WHERE id = ?1", params![id, encrypted])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn end_master_key(&self, by: String, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(move |transaction| {
            check(transaction, &by)?;
            transaction.execute("UPDATE store SET old_master_key = NULL", [])?;
            let event = NewEvent::of(&actor, Subject::Server, EventKind::MasterKeyRotated, now);
            let detail = Some("nothing needs the old key any more".to_owned());
            events::insert(transaction, &NewEvent { detail, ..event })
        })
        .await
    }
}
