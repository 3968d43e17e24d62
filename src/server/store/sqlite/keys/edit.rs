//! Creating, editing and deleting keys: each one transaction.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params, params_from_iter};

use crate::domain::key::fields::written;
use crate::domain::{AccessKey, fold};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::keys::{
    Change, ChangeOutcome, CreateOutcome, Editable, KeyInsert, REPLAYED_FOR, edited, reactivated,
};
use crate::server::store::rotation::StoredRotation;
use crate::server::store::sqlite::events;
use crate::server::store::sqlite::keys::row::{at, columns, document, key, off, time};
use crate::server::store::sqlite::keys::undelivered;
use crate::server::store::sqlite::keys::{digests, rotation};
use crate::server::store::sqlite::master_keys;
use crate::server::store::sqlite::store::SqliteStore;
use crate::server::store::status::{rank, status};
use crate::server::store::webhook;

impl SqliteStore {
    pub(crate) async fn create(&self, new: KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        self.write(move |transaction| {
            let mut new = new.clone();
            let oldest = (now - REPLAYED_FOR).timestamp_millis();
            transaction.prepare_cached("DELETE FROM creates WHERE at < ?1")?.execute([oldest])?;
            // Where no server runs for long enough to look: each command that creates a key is one of its own.
            transaction
                .prepare_cached("DELETE FROM undelivered WHERE until <= ?1")?
                .execute([now.timestamp_millis()])?;
            if let Some(outcome) = earlier(transaction, &new, now)? {
                return Ok(outcome);
            }
            if new.expires_at.is_some_and(|end| end <= now) {
                return Ok(CreateOutcome::Past);
            }
            master_keys::check(transaction, &new.encrypted_by)?;
            if let Some(rotation) = new.rotation.take()
                && let Err(refusal) = rotation::begin(transaction, &rotation, &mut new, now)?
            {
                return Ok(CreateOutcome::NotRotated(refusal));
            }
            insert(transaction, &new, now)?;
            let created = find(transaction, new.id.raw_for_api(), now)?;
            Ok(created.map_or(CreateOutcome::Gone, CreateOutcome::Fresh))
        })
        .await
    }

    pub(crate) async fn due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        most: usize,
        only_new: bool,
    ) -> Result<Vec<AccessKey>, StoreError> {
        self.reactivate(now).await?;
        self.read(move |connection| {
            let [expire, reactivate, rotate] = webhook::new(only_new, "?1");
            // A reminder is of a time.
            let ends = if only_new { "+state = 0 AND expires_at IS NOT NULL" } else { "+state <> 1" };
            // With a plus: those columns' indexes have nearly all keys.
            let sql = format!(
                "SELECT {columns} FROM keys WHERE seq IN (
                     SELECT * FROM (SELECT seq FROM keys WHERE state = 0 AND ends_at > ?1 AND ends_at < ?2 {expire}
                                    ORDER BY ends_at LIMIT ?3)
                     UNION SELECT * FROM (SELECT seq FROM keys WHERE reactivates_at > ?1 AND +ends_at > ?1 {reactivate}
                                          ORDER BY reactivates_at LIMIT ?3)
                     UNION SELECT * FROM (SELECT seq FROM keys WHERE rotates_until > 0 AND rotates_until > ?1 AND replaced_by IS NOT NULL
                                          AND {ends} {rotate}
                                          ORDER BY rotates_until LIMIT ?3))",
                columns = columns()
            );
            let values = params![
                now.timestamp_millis(),
                until.timestamp_millis(),
                i64::try_from(most).unwrap_or(i64::MAX)
            ];
            let mut statement = connection.prepare_cached(&sql)?;
            let keys = statement.query_map(values, |row| key(row, now))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| find(connection, &id, now)).await
    }

    pub(crate) async fn edit(
        &self,
        id: &str,
        change: Change,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<AccessKey>, StoreError> {
        let (id, is_urgent) = (id.to_owned(), change.may_revoke());
        let edit = move |transaction: &Transaction<'_>| {
            let Some((seq, mut fields)) = current(transaction, &id, now)? else { return Ok(ChangeOutcome::Missing) };
            if !change.fits(fields.revision) {
                return Ok(find(transaction, &id, now)?.map_or(ChangeOutcome::Missing, ChangeOutcome::changed));
            }
            let changes = change.clone().apply(&mut fields, now);
            if !changes.is_empty() {
                update(transaction, seq, &fields, now)?;
                rotation::follow(transaction, &fields, now)?;
                let event = NewEvent::of(&actor, Subject::Key(id.clone()), EventKind::Edited, now);
                events::insert(transaction, &NewEvent { detail: Some(edited(&changes)), changes, ..event })?;
            }
            Ok(find(transaction, &id, now)?.map_or(ChangeOutcome::Missing, ChangeOutcome::Done))
        };
        self.write_grouped(is_urgent, edit).await
    }

    pub(crate) async fn delete(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<()>, StoreError> {
        let id = id.to_owned();
        let expected = Change { revision, ..Change::default() };
        self.write_grouped(true, move |transaction| {
            let Some((seq, fields)) = current(transaction, &id, now)? else { return Ok(ChangeOutcome::Missing) };
            if !expected.fits(fields.revision) {
                return Ok(find(transaction, &id, now)?.map_or(ChangeOutcome::Missing, ChangeOutcome::changed));
            }
            let was_used = find(transaction, &id, now)?.is_some_and(|key| key.last_used_at.is_some());
            remove(transaction, seq)?;
            let event = NewEvent::of(&actor, Subject::Key(id.clone()), EventKind::Deleted, now);
            events::insert(transaction, &NewEvent { changes: fields.as_deleted(), ..event })?;
            rotation::leave(transaction, &id, &fields, was_used, &actor, now)?;
            Ok(ChangeOutcome::Done(()))
        })
        .await
    }
}

/// Deletes a key.
pub(crate) fn remove(transaction: &Transaction<'_>, seq: i64) -> Result<(), StoreError> {
    transaction.prepare_cached("DELETE FROM keys WHERE seq = ?1")?.execute([seq])?;
    transaction.prepare_cached("DELETE FROM grams WHERE rowid = ?1")?.execute([seq])?;
    Ok(())
}

/// Stores key, secret, search text, event, and the answer for a repeated request.
fn insert(transaction: &Transaction<'_>, new: &KeyInsert, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (id, at) = (new.id.raw_for_api(), now.timestamp_millis());
    let expires_at = new.expires_at.map(|end| end.timestamp_millis());
    let (names, texts): (Vec<_>, Vec<_>) = stored(|name| new.texts.get(name).unwrap_or_default()).unzip();
    let places = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT INTO keys (id, state, created_at, created_by, expires_at, replaces, rotates_until, {})
         VALUES (?, 0, ?, ?, ?, ?, ?, {places})",
        names.join(", ")
    );
    let StoredRotation { replaces, until, .. } = &new.rotated;
    let fixed: [&dyn ToSql; 6] = [&id, &at, &new.actor.name, &expires_at, replaces, until];
    let values = fixed.into_iter().chain(texts.iter().map(|text| text as &dyn ToSql));
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    let seq = transaction.last_insert_rowid();
    transaction.prepare_cached("INSERT INTO sealed VALUES (?1, ?2)")?.execute(params![seq, new.encrypted])?;
    digests::set(transaction, seq, &new.digest)?;
    let sql = format!("INSERT INTO grams (rowid, text) SELECT seq, {} FROM keys WHERE seq = ?1", document());
    transaction.prepare_cached(&sql)?.execute([seq])?;
    let event = NewEvent::of(&new.actor, Subject::Key(id.to_owned()), EventKind::Created, now);
    events::insert(transaction, &NewEvent { changes: new.fields().as_created(), ..event })?;
    transaction.prepare_cached("INSERT INTO creates VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        new.actor.name,
        new.idempotency_key,
        new.fingerprint,
        id,
        at
    ])?;
    undelivered::insert(transaction, new, now)
}

/// The outcome of a request that was made before with this idempotency key.
fn earlier(
    transaction: &Transaction<'_>,
    new: &KeyInsert,
    now: DateTime<Utc>,
) -> Result<Option<CreateOutcome>, StoreError> {
    let sql = "SELECT fingerprint, key_id FROM creates WHERE username = ?1 AND idempotency_key = ?2";
    let first: Option<([u8; 32], String)> = transaction
        .prepare_cached(sql)?
        .query_row([&new.actor.name, &new.idempotency_key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((fingerprint, id)) = first else { return Ok(None) };
    if fingerprint != new.fingerprint {
        return Ok(Some(CreateOutcome::Other));
    }
    let sealed = undelivered::find(transaction, &id, now)?;
    let replayed = |key| CreateOutcome::Replayed(key, sealed);
    Ok(Some(find(transaction, &id, now)?.map_or(CreateOutcome::Gone, replayed)))
}

pub(crate) fn find(connection: &Connection, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {} FROM keys WHERE id = ?1", columns()))?;
    Ok(statement.query_row([id], |row| key(row, now)).optional()?)
}

/// A key to be changed. If it was due to be active again, that is stored first.
pub(crate) fn current(
    transaction: &Transaction<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<(i64, Editable)>, StoreError> {
    let Some((seq, mut fields)) = editable(transaction, id)? else { return Ok(None) };
    if let Some(due) = fields.reactivate(now) {
        update(transaction, seq, &fields, now)?;
        events::insert(transaction, &reactivated(id, due, now))?;
    }
    Ok(Some((seq, fields)))
}

/// Stores of so many keys, at the most, that they are active again. Gives how many those were.
pub(super) fn reactivate(transaction: &Transaction<'_>, now: DateTime<Utc>, most: usize) -> Result<usize, StoreError> {
    let sql = "SELECT id FROM keys INDEXED BY keys_to_reactivate WHERE reactivates_at <= ?1
               ORDER BY reactivates_at LIMIT ?2";
    let due = transaction
        .prepare_cached(sql)?
        .query_map(params![now.timestamp_millis(), i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    for id in &due {
        current(transaction, id, now)?;
    }
    Ok(due.len())
}

pub(crate) fn editable(transaction: &Transaction<'_>, id: &str) -> Result<Option<(i64, Editable)>, StoreError> {
    let sql = format!("SELECT {}, generation, end_before FROM keys WHERE id = ?1", columns());
    let mut statement = transaction.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| {
        let fields = Editable {
            texts: written()
                .map(|(field, _)| Ok((field.name, row.get(field.name)?)))
                .collect::<rusqlite::Result<_>>()?,
            off: off(row)?,
            expires_at: row.get(const { at("expires_at") })?,
            generation: row.get("generation")?,
            revision: row.get("revision")?,
            rotation: StoredRotation {
                replaces: row.get(const { at("replaces") })?,
                replaced_by: row.get(const { at("replaced_by") })?,
                until: row.get(const { at("rotates_until") })?,
                end_before: row.get("end_before")?,
            },
        };
        Ok((row.get(const { at("seq") })?, fields))
    });
    Ok(found.optional()?)
}

pub(crate) fn update(
    transaction: &Transaction<'_>,
    seq: i64,
    fields: &Editable,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Editable { texts, off, expires_at, generation, revision, rotation } = fields;
    let StoredRotation { replaces, replaced_by, until, end_before } = rotation;
    let state = rank(status(*off, expires_at.map(time), now));
    let reactivates_at = off.until.map(|until| until.timestamp_millis());
    let (names, texts): (Vec<_>, Vec<_>) = stored(|name| texts.get(name).map_or("", String::as_str)).unzip();
    let sql = format!(
        "UPDATE keys SET {} = ?, switched_off = ?, reactivates_at = ?, expires_at = ?, generation = ?, replaces = ?,
                         replaced_by = ?, rotates_until = ?, end_before = ?, state = ?, revision = ? WHERE seq = ?",
        names.join(" = ?, ")
    );
    let fixed: [&dyn ToSql; 11] = [
        &off.is_off,
        &reactivates_at,
        expires_at,
        generation,
        replaces,
        replaced_by,
        until,
        end_before,
        &state,
        revision,
        &seq,
    ];
    let values = texts.iter().map(|text| text as &dyn ToSql).chain(fixed);
    transaction.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    let sql = format!("UPDATE grams SET text = (SELECT {} FROM keys WHERE seq = ?1) WHERE rowid = ?1", document());
    transaction.prepare_cached(&sql)?.execute([seq])?;
    Ok(())
}

/// The columns of the texts that users write, and what goes into them: each text as it is, and folded for search and
/// sort.
pub(crate) fn stored<'a>(text: impl Fn(&str) -> &'a str) -> impl Iterator<Item = (String, String)> {
    written().flat_map(move |(field, _)| {
        let text = text(field.name);
        [(field.name.to_owned(), text.to_owned()), (format!("{}_fold", field.name), fold(text))]
    })
}
