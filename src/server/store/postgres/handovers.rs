//! Secrets that are handed over.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::args::args;
use super::events;
use super::store::{PostgresStore, again};
use crate::server::store::error::StoreError;
use crate::server::store::handovers::{
    COLUMNS, HandoverOutcome, HandoverStep, NewHandover, StoredHandover, WhichHandover, expired, forgotten_before,
};
use crate::server::store::postgres::keys::row::time;
use crate::server::store::postgres::network::connection::Lent;

impl PostgresStore {
    pub(crate) async fn hand_over(&self, new: NewHandover, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO handovers (id, lookup, proof, sealed, key_id, has_pin, created_by, created_at, until,
                                          tries, by_address)
                   SELECT $1, $2, $3, $4, id, $6, $7, $8, $9, 0, 0 FROM keys WHERE id = $5";
        let (created_at, until) = (now.timestamp_millis(), new.until.timestamp_millis());
        let values = args![
            new.id.as_str(),
            new.lookup.as_slice(),
            new.proof.as_slice(),
            new.sealed.as_slice(),
            new.key_id.as_str(),
            i64::from(new.has_pin),
            new.actor.name.as_str(),
            created_at,
            until
        ];
        if transaction.execute(sql, values).await? == 0 {
            return Ok(false);
        }
        events::insert(&mut transaction, &new.event(now)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(crate) async fn handovers(&self) -> Result<Vec<StoredHandover>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM handovers ORDER BY created_at DESC LIMIT 1000");
        Ok(self.lend().await?.rows(&sql, &[]).await?.iter().map(handover).collect())
    }

    pub(crate) async fn handover(&self, which: WhichHandover) -> Result<Option<StoredHandover>, StoreError> {
        find(&mut self.lend().await?, &which, "").await
    }

    pub(crate) async fn step_handover(
        &self,
        which: WhichHandover,
        step: HandoverStep,
        now: DateTime<Utc>,
    ) -> Result<HandoverOutcome, StoreError> {
        again!(self.try_step_handover(&which, &step, now))
    }

    async fn try_step_handover(
        &self,
        which: &WhichHandover,
        step: &HandoverStep,
        now: DateTime<Utc>,
    ) -> Result<HandoverOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        let Some(mut stored) = find(&mut transaction, which, "FOR UPDATE").await? else {
            return Ok(HandoverOutcome::Unknown);
        };
        let (outcome, event) = stored.step(step, now);
        let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
        let values = args![
            stored.id,
            stored.sealed,
            stored.tries,
            stored.opener,
            i64::from(stored.by_address),
            millis(stored.opened_at),
            stored.opened_from,
            millis(stored.confirmed_at),
            millis(stored.again_at),
            stored.again_from,
            millis(stored.ended_at),
            stored.ended_from,
            millis(stored.acknowledged_at)
        ];
        let sql = "UPDATE handovers SET sealed = $2, tries = $3, opener = $4, by_address = $5, opened_at = $6,
                       opened_from = $7, confirmed_at = $8, again_at = $9, again_from = $10, ended_at = $11,
                       ended_from = $12, acknowledged_at = $13
                   WHERE id = $1";
        transaction.execute(sql, values).await?;
        if let Some(event) = event {
            events::insert(&mut transaction, &event).await?;
        }
        transaction.commit().await?;
        Ok(outcome)
    }

    pub(crate) async fn forget_handovers(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        again!(self.try_forget_handovers(now))
    }

    async fn try_forget_handovers(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let [over, opened, known] = forgotten_before(now);
        let mut transaction = self.begin().await?;
        // Servers do this at the same time: none waits for another.
        let sql = "DELETE FROM handovers WHERE id IN
                       (SELECT id FROM handovers WHERE until <= $1 FOR UPDATE SKIP LOCKED)";
        transaction.execute(sql, args![known]).await?;
        let sql = "UPDATE handovers SET sealed = NULL WHERE id IN
                       (SELECT id FROM handovers WHERE sealed IS NOT NULL AND opened_at <= $1 FOR UPDATE SKIP LOCKED)";
        transaction.execute(sql, args![opened]).await?;
        let sql = "UPDATE handovers SET sealed = NULL WHERE id IN
                       (SELECT id FROM handovers WHERE sealed IS NOT NULL AND opened_at IS NULL AND until <= $1
                        FOR UPDATE SKIP LOCKED)
                   RETURNING key_id, until";
        for row in transaction.rows(sql, args![over]).await? {
            events::insert(&mut transaction, &expired(row.get(0), time(row.get(1)), now)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn find(
    connection: &mut Lent<'_>,
    which: &WhichHandover,
    lock: &str,
) -> Result<Option<StoredHandover>, StoreError> {
    let sql = |column| format!("SELECT {COLUMNS} FROM handovers WHERE {column} = $1 {lock}");
    let row = match which {
        WhichHandover::Id(id) => connection.row(&sql("id"), args![id.as_str()]).await?,
        WhichHandover::Lookup(digest) => connection.row(&sql("lookup"), args![digest.as_slice()]).await?,
    };
    Ok(row.as_ref().map(handover))
}

pub(super) fn handover(row: &Row) -> StoredHandover {
    let at = |place| row.get::<_, Option<i64>>(place).map(time);
    StoredHandover {
        id: row.get(0),
        proof: row.get(1),
        sealed: row.get(2),
        key_id: row.get(3),
        has_pin: row.get::<_, i64>(4) != 0,
        created_by: row.get(5),
        created_at: time(row.get(6)),
        until: time(row.get(7)),
        tries: row.get(8),
        opener: row.get(9),
        by_address: row.get::<_, i64>(10) != 0,
        opened_at: at(11),
        opened_from: row.get(12),
        confirmed_at: at(13),
        again_at: at(14),
        again_from: row.get(15),
        ended_at: at(16),
        ended_from: row.get(17),
        acknowledged_at: at(18),
        label: row.get(19),
    }
}
