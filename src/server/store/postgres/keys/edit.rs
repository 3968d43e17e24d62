//! Creating, editing and deleting keys: each one transaction.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::domain::key::fields::written;
use crate::domain::{AccessKey, fold};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::keys::{
    Change, ChangeOutcome, CreateOutcome, Editable, KeyInsert, REPLAYED_FOR, edited, reactivated,
};
use crate::server::store::postgres::args::{SqlArgs, args};
use crate::server::store::postgres::events;
use crate::server::store::postgres::keys::row::{COLUMNS, TABLES, key, off, time};
use crate::server::store::postgres::keys::{grams, rotation, undelivered};
use crate::server::store::postgres::master_keys;
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::rotation::StoredRotation;
use crate::server::store::status::{rank, status};
use crate::server::store::webhook;

impl PostgresStore {
    pub(crate) async fn create(&self, new: KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        again!(self.try_create(&new, now))
    }

    async fn try_create(&self, new: &KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        let (at, id) = (now.timestamp_millis(), new.id.raw_for_api());
        let oldest = (now - REPLAYED_FOR).timestamp_millis();
        transaction.execute("DELETE FROM creates WHERE at < $1", args![oldest]).await?;
        // A second request with the same idempotency key waits here until the first one is stored, or is not.
        let sql = "INSERT INTO creates VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let actor = new.actor.name.as_str();
        let request = args![actor, new.idempotency_key, new.fingerprint.as_slice(), id, at];
        if transaction.execute(sql, request).await? == 0 {
            return earlier(transaction, new, now).await;
        }
        if new.expires_at.is_some_and(|end| end <= now) {
            return Ok(CreateOutcome::Past);
        }
        master_keys::check(&mut transaction, &new.encrypted_by).await?;
        let mut new = new.clone();
        if let Some(rotation) = new.rotation.take()
            && let Err(refusal) = rotation::begin(&mut transaction, &rotation, &mut new, now).await?
        {
            return Ok(CreateOutcome::NotRotated(refusal));
        }
        let is_rotation = new.rotated.replaces.is_some();
        insert(&mut transaction, &new, now).await?;
        let created = find(&mut transaction, id, now).await?;
        transaction.commit().await?;
        if is_rotation {
            self.alarm();
        }
        Ok(created.map_or(CreateOutcome::Gone, CreateOutcome::Fresh))
    }

    pub(crate) async fn due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        most: usize,
        only_new: bool,
    ) -> Result<Vec<AccessKey>, StoreError> {
        self.reactivate(now).await?;
        let [expire, reactivate, rotate] = webhook::new(only_new, "$1");
        // A reminder is of a time.
        let ends = if only_new { "state = 0 AND expires_at IS NOT NULL" } else { "state <> 1" };
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE k.seq IN (
                 (SELECT seq FROM keys WHERE state = 0 AND ends_at > $1 AND ends_at < $2 {expire} ORDER BY ends_at LIMIT $3)
                 UNION (SELECT seq FROM keys WHERE reactivates_at > $1 AND ends_at > $1 {reactivate} ORDER BY reactivates_at LIMIT $3)
                 UNION (SELECT seq FROM keys WHERE rotates_until > $1 AND rotates_until > 0 AND replaced_by IS NOT NULL
                              AND {ends} {rotate} ORDER BY rotates_until LIMIT $3))"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.lend().await?.rows(&sql, args![now.timestamp_millis(), until.timestamp_millis(), most]).await?;
        rows.iter().map(|row| key(row, now)).collect()
    }

    pub(crate) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Option<AccessKey>, StoreError> {
        find(&mut self.lend().await?, id, now).await
    }

    pub(crate) async fn edit(
        &self,
        id: &str,
        change: Change,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<AccessKey>, StoreError> {
        again!(self.try_edit(id, change.clone(), &actor, now))
    }

    async fn try_edit(
        &self,
        id: &str,
        change: Change,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<AccessKey>, StoreError> {
        let mut transaction = self.begin().await?;
        let Some((seq, mut fields)) = current(&mut transaction, id, now).await? else {
            return Ok(ChangeOutcome::Missing);
        };
        if !change.fits(fields.revision) {
            let found = find(&mut transaction, id, now).await?;
            return Ok(found.map_or(ChangeOutcome::Missing, ChangeOutcome::changed));
        }
        let changes = change.apply(&mut fields, now);
        if !changes.is_empty() {
            update(&mut transaction, seq, id, &fields, now).await?;
            rotation::follow(&mut transaction, &fields, now).await?;
            let event = NewEvent::of(actor, Subject::Key(id.to_owned()), EventKind::Edited, now);
            let event = NewEvent { detail: Some(edited(&changes)), changes, ..event };
            events::insert(&mut transaction, &event).await?;
        }
        let found = find(&mut transaction, id, now).await?;
        transaction.commit().await?;
        self.alarm();
        Ok(found.map_or(ChangeOutcome::Missing, ChangeOutcome::Done))
    }

    pub(crate) async fn delete(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<()>, StoreError> {
        again!(self.try_delete(id, revision, &actor, now))
    }

    async fn try_delete(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<ChangeOutcome<()>, StoreError> {
        let mut transaction = self.begin().await?;
        let expected = revision.map(|revision| i64::try_from(revision).unwrap_or(i64::MAX));
        // The activation that is due counts, as where keys are read.
        let sql = "DELETE FROM keys WHERE id = $1
                   AND ($2::bigint IS NULL OR revision + CASE WHEN reactivates_at <= $3 THEN 1 ELSE 0 END = $2)
                   RETURNING *, EXISTS (SELECT 1 FROM uses WHERE uses.seq = keys.seq AND uses.at > 0) AS was_used";
        let Some(row) = transaction.row(sql, args![id, expected, now.timestamp_millis()]).await? else {
            let found = find(&mut transaction, id, now).await?;
            return Ok(found.map_or(ChangeOutcome::Missing, ChangeOutcome::changed));
        };
        let mut fields = editable(&row);
        if let Some(due) = fields.reactivate(now) {
            events::insert(&mut transaction, &reactivated(id, due, now)).await?;
        }
        let event = NewEvent::of(actor, Subject::Key(id.to_owned()), EventKind::Deleted, now);
        events::insert(&mut transaction, &NewEvent { changes: fields.as_deleted(), ..event }).await?;
        rotation::leave(&mut transaction, id, &fields, row.get("was_used"), actor, now).await?;
        transaction.commit().await?;
        self.alarm();
        Ok(ChangeOutcome::Done(()))
    }
}

/// Stores key and event.
async fn insert(transaction: &mut Lent<'_>, new: &KeyInsert, now: DateTime<Utc>) -> Result<(), StoreError> {
    let id = new.id.raw_for_api();
    let mut args = SqlArgs::default();
    let mut columns =
        vec!["id", "state", "created_at", "created_by", "expires_at", "secret", "replaces", "rotates_until"];
    let mut places = vec![
        args.place(id.to_owned()),
        args.place(0_i64),
        args.place(now.timestamp_millis()),
        args.place(new.actor.name.clone()),
        args.place(new.expires_at.map(|end| end.timestamp_millis())),
        args.place(new.encrypted.clone()),
        args.place(new.rotated.replaces.clone()),
        args.place(new.rotated.until),
    ];
    let texts = stored(id, |name| new.texts.get(name).unwrap_or_default());
    for (column, text) in &texts.columns {
        columns.push(column);
        places.push(args.place(text.clone()));
    }
    columns.push("grams");
    places.push(args.place(texts.grams));
    let sql = format!(
        "WITH key AS (INSERT INTO keys ({}) VALUES ({}) RETURNING seq, state, created_at)
         INSERT INTO uses (seq, state, created_at) SELECT seq, state, created_at FROM key",
        columns.join(", "),
        places.join(", ")
    );
    transaction.execute(&sql, &args.list()).await?;
    let sql = "UPDATE digests SET digest = $2 WHERE seq = (SELECT seq FROM keys WHERE id = $1)";
    transaction.execute(sql, args![id, new.digest.as_slice()]).await?;
    let event = NewEvent::of(&new.actor, Subject::Key(id.to_owned()), EventKind::Created, now);
    events::insert(transaction, &NewEvent { changes: new.fields().as_created(), ..event }).await?;
    undelivered::insert(transaction, new, now).await
}

/// The outcome of a request that was made before with this idempotency key.
async fn earlier(mut transaction: Lent<'_>, new: &KeyInsert, now: DateTime<Utc>) -> Result<CreateOutcome, StoreError> {
    let sql = "SELECT fingerprint, key_id FROM creates WHERE username = $1 AND idempotency_key = $2";
    let actor = new.actor.name.as_str();
    // Gone since the insert found it: that request was a day old.
    let Some(row) = transaction.row(sql, args![actor, new.idempotency_key]).await? else {
        return Err(StoreError::GivenUp);
    };
    if row.get::<_, &[u8]>(0) != new.fingerprint.as_slice() {
        return Ok(CreateOutcome::Other);
    }
    let found = find(&mut transaction, row.get(1), now).await?;
    let sealed = undelivered::find(&mut transaction, row.get(1), now).await?;
    // The first request may have had no answer because a standby has not confirmed it yet. This writes too, so that its
    // answer comes once the standby has both.
    let sql = "UPDATE creates SET at = at WHERE username = $1 AND idempotency_key = $2";
    transaction.execute(sql, args![actor, new.idempotency_key]).await?;
    transaction.commit().await?;
    Ok(found.map_or(CreateOutcome::Gone, |key| CreateOutcome::Replayed(key, sealed)))
}

pub(crate) async fn find(
    connection: &mut Lent<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<AccessKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE k.id = $1");
    connection.row(&sql, args![id]).await?.map(|row| key(&row, now)).transpose()
}

impl PostgresStore {
    /// Stores that the keys which are due are active again. What another server is changing is left to the next look.
    pub(super) async fn try_reactivate(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        loop {
            let mut transaction = self.begin().await?;
            let sql = "SELECT id FROM keys JOIN uses USING (seq) WHERE reactivates_at <= $1
                       ORDER BY reactivates_at LIMIT $2 FOR UPDATE SKIP LOCKED";
            let due = transaction.rows(sql, args![now.timestamp_millis(), REACTIVATED_AT_ONCE]).await?;
            for row in &due {
                current(&mut transaction, row.get(0), now).await?;
            }
            transaction.commit().await?;
            if due.len() as u64 != REACTIVATED_AT_ONCE.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

/// How many keys become active again in one transaction.
const REACTIVATED_AT_ONCE: i64 = 100;

/// A key to be changed, which is locked. If it was due to be active again, that is stored first.
pub(crate) async fn current(
    transaction: &mut Lent<'_>,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<(i64, Editable)>, StoreError> {
    let sql = "SELECT * FROM keys WHERE id = $1 FOR UPDATE";
    let Some(row) = transaction.row(sql, args![id]).await? else { return Ok(None) };
    let (seq, mut fields) = (row.get("seq"), editable(&row));
    if let Some(due) = fields.reactivate(now) {
        update(transaction, seq, id, &fields, now).await?;
        events::insert(transaction, &reactivated(id, due, now)).await?;
    }
    Ok(Some((seq, fields)))
}

pub(crate) fn editable(row: &Row) -> Editable {
    Editable {
        texts: written().map(|(field, _)| (field.name, row.get(field.name))).collect(),
        off: off(row),
        expires_at: row.get("expires_at"),
        generation: row.get("generation"),
        revision: row.get("revision"),
        rotation: StoredRotation {
            replaces: row.get("replaces"),
            replaced_by: row.get("replaced_by"),
            until: row.get("rotates_until"),
            end_before: row.get("end_before"),
        },
    }
}

pub(crate) async fn update(
    transaction: &mut Lent<'_>,
    seq: i64,
    id: &str,
    fields: &Editable,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Editable { texts, off, expires_at, generation, revision, rotation } = fields;
    let StoredRotation { replaces, replaced_by, until, end_before } = rotation;
    let mut args = SqlArgs::default();
    let mut changes = vec![
        format!("switched_off = {}", args.place(off.is_off)),
        format!("reactivates_at = {}", args.place(off.until.map(|until| until.timestamp_millis()))),
        format!("expires_at = {}", args.place(*expires_at)),
        format!("generation = {}", args.place(*generation)),
        format!("revision = {}", args.place(*revision)),
        format!("replaces = {}", args.place(replaces.clone())),
        format!("replaced_by = {}", args.place(replaced_by.clone())),
        format!("rotates_until = {}", args.place(*until)),
        format!("end_before = {}", args.place(*end_before)),
        format!("state = {}", args.place(rank(status(*off, expires_at.map(time), now)))),
    ];
    let texts = stored(id, |name| texts.get(name).map_or("", String::as_str));
    for (column, text) in texts.columns {
        changes.push(format!("{column} = {}", args.place(text)));
    }
    changes.push(format!("grams = {}", args.place(texts.grams)));
    let sql = format!("UPDATE keys SET {} WHERE seq = {}", changes.join(", "), args.place(seq));
    transaction.execute(&sql, &args.list()).await?;
    Ok(())
}

/// What is stored of a key's texts.
pub(crate) struct StoredTexts {
    /// Each text as it is, and folded for search and sort, by their columns.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) grams: Vec<i32>,
}

pub(crate) fn stored<'a>(id: &str, text: impl Fn(&str) -> &'a str) -> StoredTexts {
    let of_fields = written().flat_map(|(field, _)| {
        let text = text(field.name);
        [(field.name.to_owned(), text.to_owned()), (format!("{}_fold", field.name), fold(text))]
    });
    let columns: Vec<(String, String)> = of_fields.collect();
    let folded = columns.iter().filter(|(column, _)| column.ends_with("_fold")).map(|(_, text)| text.as_str());
    let id = grams::of_id(id);
    let grams = grams::of_texts(std::iter::once(id.as_str()).chain(folded));
    StoredTexts { columns, grams }
}
