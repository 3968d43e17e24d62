//! Rotating keys: each one transaction.

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};

use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::keys::{Change, Editable, KeyInsert};
use crate::server::store::rotation::{Pair, PairKey, RotationEnd, RotationInsert, RotationOutcome, RotationRefusal};
use crate::server::store::sqlite::events;
use crate::server::store::sqlite::keys::edit::{current, find, remove, update};
use crate::server::store::sqlite::store::SqliteStore;

impl SqliteStore {
    pub(crate) async fn end_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        end: RotationEnd,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        let id = id.to_owned();
        self.write_grouped(true, move |transaction| {
            let mut pair = match pair(transaction, &id, revision, now)? {
                Ok(pair) => pair,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let is_undo = end == RotationEnd::Undo;
            if is_undo && find(transaction, &pair.new.id, now)?.is_some_and(|new| new.last_used_at.is_some()) {
                return Ok(Err(RotationRefusal::Used));
            }
            let events = pair.end(end, &actor, now);
            update(transaction, pair.old.seq, &pair.old.fields, now)?;
            if is_undo {
                remove(transaction, pair.new.seq)?;
            } else {
                update(transaction, pair.new.seq, &pair.new.fields, now)?;
            }
            for event in &events {
                events::insert(transaction, event)?;
            }
            let mut left = Vec::new();
            for key in [&pair.old, &pair.new] {
                left.extend(find(transaction, &key.id, now)?);
            }
            Ok(Ok(left))
        })
        .await
    }
}

/// Replaces a key by `new`, which is stored afterwards.
pub(crate) fn begin(
    transaction: &Transaction<'_>,
    rotation: &RotationInsert,
    new: &mut KeyInsert,
    now: DateTime<Utc>,
) -> Result<Result<(), RotationRefusal>, StoreError> {
    let Some((seq, mut old)) = current(transaction, &rotation.old, now)? else {
        return Ok(Err(RotationRefusal::Missing));
    };
    if let Err(refusal) = check(transaction, &rotation.old, &old, rotation.revision, now)? {
        return Ok(Err(refusal));
    }
    let changes = match rotation.begin(new, &mut old, now) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    update(transaction, seq, &old, now)?;
    let event = NewEvent::of(&new.actor, Subject::Key(rotation.old.clone()), EventKind::Rotated, now);
    let detail = Some(new.id.raw_for_api().to_owned());
    events::insert(transaction, &NewEvent { detail, changes, ..event })?;
    Ok(Ok(()))
}

/// Has the new key of a rotation follow when the old one gets another end.
pub(crate) fn follow(transaction: &Transaction<'_>, old: &Editable, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let (true, Some(new)) = (old.rotation.is_under_way(now), &old.rotation.replaced_by) {
        let sql = "UPDATE keys SET rotates_until = ?2 WHERE id = ?1";
        transaction.prepare_cached(sql)?.execute(params![new, old.rotation.until])?;
    }
    Ok(())
}

/// Ends a rotation of which one key, this one, was deleted. If that is the new one and it was never used, the old one is
/// given its expiry again.
pub(crate) fn leave(
    transaction: &Transaction<'_>,
    id: &str,
    deleted: &Editable,
    was_used: bool,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some((old, new)) = deleted.rotation.pair(id, now) else { return Ok(()) };
    if new == id
        && !was_used
        && let Some((seq, mut fields)) = current(transaction, &old, now)?
    {
        let changes = fields.undo_rotation(now);
        update(transaction, seq, &fields, now)?;
        let event = NewEvent::of(actor, Subject::Key(old), EventKind::RotationUndone, now);
        return events::insert(transaction, &NewEvent { detail: Some(new), changes, ..event });
    }
    let sql = "UPDATE keys SET rotates_until = 0, replaces = NULL, replaced_by = NULL, revision = revision + 1
               WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute([if old == id { new } else { old }])?;
    Ok(())
}

fn check(
    transaction: &Transaction<'_>,
    id: &str,
    fields: &Editable,
    revision: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Result<(), RotationRefusal>, StoreError> {
    if (Change { revision, ..Change::default() }).fits(fields.revision) {
        return Ok(Ok(()));
    }
    let found = find(transaction, id, now)?;
    Ok(Err(found.map_or(RotationRefusal::Missing, |key| RotationRefusal::Changed(Box::new(key)))))
}

/// The pair that a key is one of, if its rotation is under way and it has this revision.
fn pair(
    transaction: &Transaction<'_>,
    id: &str,
    revision: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Result<Pair, RotationRefusal>, StoreError> {
    let Some((_, fields)) = current(transaction, id, now)? else { return Ok(Err(RotationRefusal::Missing)) };
    if let Err(refusal) = check(transaction, id, &fields, revision, now)? {
        return Ok(Err(refusal));
    }
    let Some((old, new)) = fields.rotation.pair(id, now) else { return Ok(Err(RotationRefusal::NotRotating)) };
    let (Some(of_old), Some(of_new)) = (current(transaction, &old, now)?, current(transaction, &new, now)?) else {
        return Ok(Err(RotationRefusal::NotRotating));
    };
    let key = |id, (seq, fields)| PairKey { id, seq, fields };
    Ok(Ok(Pair { old: key(old, of_old), new: key(new, of_new) }))
}
