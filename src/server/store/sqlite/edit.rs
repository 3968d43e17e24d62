//! Creating, editing and deleting keys: each one transaction.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::fold::fold;
use super::super::keys::{Change, CreateOutcome, KeyInsert};
use super::super::status::{rank, status};
use super::events;
use super::events::{EventKind, NewEvent};
use super::row::{at, columns, document, key, time};
use crate::domain::AccessKey;
use crate::server::store::{Cancel, Store, StoreError};

/// How long a create's answer can be asked for again (HTTP contract, part B).
const KEPT: TimeDelta = TimeDelta::hours(24);

impl Store {
    /// Creates a key, unless this request was made before.
    pub(crate) fn create(&self, new: &KeyInsert<'_>, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        let encrypted = self.vault().encrypt(new.id, new.secret.expose())?;
        self.write(|transaction| {
            let oldest = (now - KEPT).timestamp_millis();
            transaction.prepare_cached("DELETE FROM creates WHERE at < ?1")?.execute([oldest])?;
            if let Some(answer) = earlier(transaction, new, now)? {
                return Ok(answer);
            }
            if new.expires_at.is_some_and(|end| end <= now) {
                return Ok(CreateOutcome::Past);
            }
            let seq = insert(transaction, new, &encrypted, now)?;
            index(transaction, seq)?;
            transaction.prepare_cached("INSERT INTO creates VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
                new.by,
                new.idempotency_key,
                new.fingerprint,
                new.id,
                now.timestamp_millis()
            ])?;
            let created = find(transaction, new.id, now)?;
            Ok(created.map_or(CreateOutcome::Gone, |(_, key)| CreateOutcome::Fresh(key)))
        })
    }

    /// One key.
    pub(crate) fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
        self.read(&Cancel::default(), |connection| Ok(find(connection, id, now)?.map(|(_, key)| key)))
    }

    /// Changes a key and gives it as it is then; none when there is no such key.
    pub(crate) fn edit(
        &self,
        id: &str,
        change: &Change,
        by: &str,
        source: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<AccessKey>, StoreError> {
        self.write(|transaction| {
            let Some((seq, _)) = find(transaction, id, now)? else { return Ok(None) };
            let done = apply(transaction, seq, change)?;
            refresh_state(transaction, seq, now)?;
            if !done.is_empty() {
                let event = NewEvent {
                    kind: EventKind::Edited,
                    detail: Some(done.join(", ")),
                    ..NewEvent::of(by, source, now)
                };
                events::insert(transaction, id, &event)?;
            }
            Ok(find(transaction, id, now)?.map(|(_, key)| key))
        })
    }

    /// Deletes a key and all but its history. Tells whether there was one.
    pub(crate) fn delete(&self, id: &str, by: &str, source: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "DELETE FROM keys WHERE id = ?1 RETURNING seq";
            let deleted: Option<i64> = transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
            let Some(seq) = deleted else { return Ok(false) };
            transaction.prepare_cached("DELETE FROM grams WHERE rowid = ?1")?.execute([seq])?;
            events::insert(transaction, id, &NewEvent { kind: EventKind::Deleted, ..NewEvent::of(by, source, now) })?;
            Ok(true)
        })
    }
}

/// Writes key, secret and event. [`index`] makes it findable.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    new: &KeyInsert<'_>,
    encrypted: &[u8],
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let folded = fold(new.label.as_str());
    transaction
        .prepare_cached(
            "INSERT INTO keys (id, label, label_fold, state, created_at, created_by, expires_at)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
        )?
        .execute(params![
            new.id,
            new.label.as_str(),
            folded,
            now.timestamp_millis(),
            new.by,
            new.expires_at.map(|end| end.timestamp_millis()),
        ])?;
    let seq = transaction.last_insert_rowid();
    transaction.prepare_cached("INSERT INTO sealed VALUES (?1, ?2)")?.execute(params![seq, encrypted])?;
    events::insert(transaction, new.id, &NewEvent::of(new.by, new.source, now))?;
    Ok(seq)
}

/// Makes all keys findable, when none is yet.
pub(crate) fn index_all(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(&format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys", document()), [])?;
    Ok(())
}

/// Makes a new key findable.
fn index(transaction: &Transaction<'_>, seq: i64) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys WHERE seq = ?1", document());
    transaction.prepare_cached(&sql)?.execute([seq])?;
    Ok(())
}

/// The answer of the first try with this idempotency key, if there was one.
fn earlier(
    transaction: &Transaction<'_>,
    new: &KeyInsert<'_>,
    now: DateTime<Utc>,
) -> Result<Option<CreateOutcome>, StoreError> {
    let sql = "SELECT fingerprint, key_id FROM creates WHERE username = ?1 AND idempotency_key = ?2";
    let first: Option<([u8; 32], String)> = transaction
        .prepare_cached(sql)?
        .query_row([new.by, new.idempotency_key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((fingerprint, id)) = first else { return Ok(None) };
    if fingerprint != new.fingerprint {
        return Ok(Some(CreateOutcome::Other));
    }
    Ok(Some(find(transaction, &id, now)?.map_or(CreateOutcome::Gone, |(_, key)| CreateOutcome::Replayed(key))))
}

fn find(connection: &Connection, id: &str, now: DateTime<Utc>) -> Result<Option<(i64, AccessKey)>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {} FROM keys WHERE id = ?1", columns()))?;
    Ok(statement.query_row([id], |row| Ok((row.get(const { at("seq") })?, key(row, now)?))).optional()?)
}

/// Makes the changes that change something, and names them.
fn apply(transaction: &Transaction<'_>, seq: i64, change: &Change) -> Result<Vec<&'static str>, StoreError> {
    let mut done = Vec::new();
    if let Some(label) = &change.label {
        let folded = fold(label.as_str());
        let sql = "UPDATE keys SET label = ?2, label_fold = ?3 WHERE seq = ?1 AND label <> ?2";
        if transaction.prepare_cached(sql)?.execute(params![seq, label.as_str(), folded])? > 0 {
            let sql =
                format!("UPDATE grams SET text = (SELECT {} FROM keys WHERE seq = ?1) WHERE rowid = ?1", document());
            transaction.prepare_cached(&sql)?.execute([seq])?;
            done.push("label");
        }
    }
    if let Some(off) = change.switched_off {
        // Tokens given out so far stay dead, also when the key is switched on again.
        let sql =
            "UPDATE keys SET switched_off = ?2, generation = generation + ?2 WHERE seq = ?1 AND switched_off <> ?2";
        if transaction.prepare_cached(sql)?.execute(params![seq, off])? > 0 {
            done.push(if off { "deactivated" } else { "activated" });
        }
    }
    if let Some(end) = change.expires_at {
        let sql = "UPDATE keys SET expires_at = ?2 WHERE seq = ?1 AND expires_at IS NOT ?2";
        if transaction.prepare_cached(sql)?.execute(params![seq, end.time().map(|end| end.timestamp_millis())])? > 0 {
            done.push("expires_at");
        }
    }
    Ok(done)
}

fn refresh_state(transaction: &Transaction<'_>, seq: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let sql = "SELECT switched_off, expires_at FROM keys WHERE seq = ?1";
    let (off, end): (bool, Option<i64>) =
        transaction.prepare_cached(sql)?.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let new = rank(status(off, end.map(time), now));
    transaction.prepare_cached("UPDATE keys SET state = ?2 WHERE seq = ?1 AND state <> ?2")?.execute([seq, new])?;
    Ok(())
}
