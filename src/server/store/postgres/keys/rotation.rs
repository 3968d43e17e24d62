//! Rotating keys: each one transaction. Of a pair, the old key is locked first.

use chrono::{DateTime, Utc};

use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::keys::{Change, Editable, KeyInsert};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::events;
use crate::server::store::postgres::keys::edit::{current, editable, find, update};
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::rotation::{Pair, PairKey, RotationEnd, RotationInsert, RotationOutcome, RotationRefusal};

impl PostgresStore {
    pub(crate) async fn end_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        end: RotationEnd,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        again!(self.try_end_rotation(id, revision, end, &actor, now))
    }

    async fn try_end_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        end: RotationEnd,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        let mut pair = match pair(&mut transaction, id, revision, now).await? {
            Ok(pair) => pair,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let is_undo = end == RotationEnd::Undo;
        if is_undo && !delete_unused(&mut transaction, pair.new.seq).await? {
            return Ok(Err(RotationRefusal::Used));
        }
        let events = pair.end(end, actor, now);
        update(&mut transaction, pair.old.seq, &pair.old.id, &pair.old.fields, now).await?;
        if !is_undo {
            update(&mut transaction, pair.new.seq, &pair.new.id, &pair.new.fields, now).await?;
        }
        for event in &events {
            events::insert(&mut transaction, event).await?;
        }
        let mut left = Vec::new();
        for key in [&pair.old, &pair.new] {
            left.extend(find(&mut transaction, &key.id, now).await?);
        }
        transaction.commit().await?;
        self.alarm();
        Ok(Ok(left))
    }
}

/// Deletes a key unless it was used: of this moment, since a use that is being stored is waited for.
async fn delete_unused(transaction: &mut Lent<'_>, seq: i64) -> Result<bool, StoreError> {
    let sql = "DELETE FROM keys WHERE seq = $1 AND EXISTS
                   (SELECT 1 FROM (SELECT at FROM uses WHERE seq = $1 FOR UPDATE) u WHERE at = 0)";
    Ok(transaction.execute(sql, args![seq]).await? > 0)
}

/// Replaces a key by `new`, which is stored afterwards.
pub(crate) async fn begin(
    transaction: &mut Lent<'_>,
    rotation: &RotationInsert,
    new: &mut KeyInsert,
    now: DateTime<Utc>,
) -> Result<Result<(), RotationRefusal>, StoreError> {
    let Some((seq, mut old)) = current(transaction, &rotation.old, now).await? else {
        return Ok(Err(RotationRefusal::Missing));
    };
    if let Err(refusal) = check(transaction, &rotation.old, &old, rotation.revision, now).await? {
        return Ok(Err(refusal));
    }
    let changes = match rotation.begin(new, &mut old, now) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    update(transaction, seq, &rotation.old, &old, now).await?;
    let event = NewEvent::of(&new.actor, Subject::Key(rotation.old.clone()), EventKind::Rotated, now);
    let detail = Some(new.id.raw_for_api().to_owned());
    events::insert(transaction, &NewEvent { detail, changes, ..event }).await?;
    Ok(Ok(()))
}

/// Has the new key of a rotation follow when the old one gets another end.
pub(crate) async fn follow(transaction: &mut Lent<'_>, old: &Editable, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let (true, Some(new)) = (old.rotation.is_under_way(now), &old.rotation.replaced_by) {
        let sql = "UPDATE keys SET rotates_until = $2 WHERE id = $1";
        transaction.execute(sql, args![new.as_str(), old.rotation.until]).await?;
    }
    Ok(())
}

/// Ends a rotation of which one key, this one, was deleted. If that is the new one and it was never used, the old one is
/// given its expiry again.
pub(crate) async fn leave(
    transaction: &mut Lent<'_>,
    id: &str,
    deleted: &Editable,
    was_used: bool,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some((old, new)) = deleted.rotation.pair(id, now) else { return Ok(()) };
    if new == id
        && !was_used
        && let Some((seq, mut fields)) = current(transaction, &old, now).await?
    {
        let changes = fields.undo_rotation(now);
        update(transaction, seq, &old, &fields, now).await?;
        let event = NewEvent::of(actor, Subject::Key(old), EventKind::RotationUndone, now);
        return events::insert(transaction, &NewEvent { detail: Some(new), changes, ..event }).await;
    }
    let other = if old == id { new } else { old };
    let sql = "UPDATE keys SET rotates_until = 0, replaces = NULL, replaced_by = NULL, revision = revision + 1
               WHERE id = $1";
    transaction.execute(sql, args![other]).await?;
    Ok(())
}

async fn check(
    transaction: &mut Lent<'_>,
    id: &str,
    fields: &Editable,
    revision: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Result<(), RotationRefusal>, StoreError> {
    if (Change { revision, ..Change::default() }).fits(fields.revision) {
        return Ok(Ok(()));
    }
    let found = find(transaction, id, now).await?;
    Ok(Err(found.map_or(RotationRefusal::Missing, |key| RotationRefusal::Changed(Box::new(key)))))
}

/// Locks the pair that a key is one of, if its rotation is under way and it has this revision.
async fn pair(
    transaction: &mut Lent<'_>,
    id: &str,
    revision: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Result<Pair, RotationRefusal>, StoreError> {
    // Without a lock, which is for the old key first.
    let Some(row) = transaction.row("SELECT * FROM keys WHERE id = $1", args![id]).await? else {
        return Ok(Err(RotationRefusal::Missing));
    };
    let Some((old, new)) = editable(&row).rotation.pair(id, now) else { return Ok(Err(RotationRefusal::NotRotating)) };
    let (Some(of_old), Some(of_new)) = (current(transaction, &old, now).await?, current(transaction, &new, now).await?)
    else {
        return Ok(Err(RotationRefusal::NotRotating));
    };
    let own = if old == id { &of_old.1 } else { &of_new.1 };
    if let Err(refusal) = check(transaction, id, own, revision, now).await? {
        return Ok(Err(refusal));
    }
    if of_old.1.rotation.pair(&old, now) != Some((old.clone(), new.clone())) {
        return Ok(Err(RotationRefusal::NotRotating));
    }
    let key = |id, (seq, fields)| PairKey { id, seq, fields };
    Ok(Ok(Pair { old: key(old, of_old), new: key(new, of_new) }))
}
