//! Rotating keys: each one transaction. Of a pair, the old key is locked first.

use chrono::{DateTime, Utc};

use crate::domain::AccessKey;
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::keys::{Change, Editable, KeyInsert};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::events;
use crate::server::store::postgres::keys::edit::{current, editable, find, update};
use crate::server::store::postgres::network::connection::Lent;
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::rotation::{RotationInsert, RotationOutcome, RotationRefusal};

/// A pair that is being rotated, each with its place in the table.
struct Pair {
    old: (String, i64, Editable),
    new: (String, i64, Editable),
}

impl PostgresStore {
    pub(crate) async fn finish_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        again!(self.try_finish_rotation(id, revision, &actor, now))
    }

    async fn try_finish_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        let Pair { old: (old, seq, mut fields), new: (new, new_seq, mut new_fields) } =
            match pair(&mut transaction, id, revision, now).await? {
                Ok(pair) => pair,
                Err(refusal) => return Ok(Err(refusal)),
            };
        let changes = fields.finish_rotation(now);
        new_fields.rotation.until = 0;
        new_fields.revision += 1;
        update(&mut transaction, seq, &old, &fields, now).await?;
        update(&mut transaction, new_seq, &new, &new_fields, now).await?;
        let event = NewEvent::of(actor, Subject::Key(old.clone()), EventKind::RotationFinished, now);
        events::insert(&mut transaction, &NewEvent { detail: Some(new.clone()), changes, ..event }).await?;
        let mut found = Vec::new();
        for id in [&old, &new] {
            found.extend(find(&mut transaction, id, now).await?);
        }
        transaction.commit().await?;
        self.alarm();
        Ok(Ok(found))
    }

    pub(crate) async fn undo_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        again!(self.try_undo_rotation(id, revision, &actor, now))
    }

    async fn try_undo_rotation(
        &self,
        id: &str,
        revision: Option<u64>,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<RotationOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        let Pair { old: (old, seq, mut fields), new: (new, new_seq, new_fields) } =
            match pair(&mut transaction, id, revision, now).await? {
                Ok(pair) => pair,
                Err(refusal) => return Ok(Err(refusal)),
            };
        // Of this moment: a use that is being stored is waited for.
        let unused = "DELETE FROM keys WHERE seq = $1 AND EXISTS
                          (SELECT 1 FROM (SELECT at FROM uses WHERE seq = $1 FOR UPDATE) u WHERE at = 0)";
        if transaction.execute(unused, args![new_seq]).await? == 0 {
            return Ok(Err(RotationRefusal::Used));
        }
        let changes = fields.undo_rotation(now);
        update(&mut transaction, seq, &old, &fields, now).await?;
        let event = NewEvent::of(actor, Subject::Key(new.clone()), EventKind::Deleted, now);
        events::insert(&mut transaction, &NewEvent { changes: new_fields.as_deleted(), ..event }).await?;
        let event = NewEvent::of(actor, Subject::Key(old.clone()), EventKind::RotationUndone, now);
        events::insert(&mut transaction, &NewEvent { detail: Some(new), changes, ..event }).await?;
        let found: Vec<AccessKey> = find(&mut transaction, &old, now).await?.into_iter().collect();
        transaction.commit().await?;
        self.alarm();
        Ok(Ok(found))
    }
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
    Ok(Ok(Pair { old: (old, of_old.0, of_old.1), new: (new, of_new.0, of_new.1) }))
}
