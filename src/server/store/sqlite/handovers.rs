//! Secrets that are handed over.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};

use super::events;
use super::store::SqliteStore;
use crate::server::store::error::StoreError;
use crate::server::store::handovers::{
    COLUMNS, HandoverOutcome, HandoverStep, NewHandover, StoredHandover, WhichHandover, expired, forgotten_before,
};
use crate::server::store::sqlite::keys::row::time;

impl SqliteStore {
    pub(crate) async fn hand_over(&self, new: NewHandover, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let sql =
                "INSERT INTO handovers (id, lookup, proof, sealed, key_id, has_pin, created_by, created_at, until,
                                              tries, by_address)
                       SELECT ?1, ?2, ?3, ?4, id, ?6, ?7, ?8, ?9, 0, 0 FROM keys WHERE id = ?5";
            let (created_at, until) = (now.timestamp_millis(), new.until.timestamp_millis());
            let inserted = transaction.execute(
                sql,
                params![
                    new.id,
                    new.lookup,
                    new.proof,
                    new.sealed,
                    new.key_id,
                    new.has_pin,
                    new.actor.name,
                    created_at,
                    until
                ],
            )?;
            if inserted > 0 {
                events::insert(transaction, &new.event(now))?;
            }
            Ok(inserted > 0)
        })
        .await
    }

    pub(crate) async fn handovers(&self) -> Result<Vec<StoredHandover>, StoreError> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM handovers ORDER BY created_at DESC LIMIT 1000");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], handover)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn handover(&self, which: WhichHandover) -> Result<Option<StoredHandover>, StoreError> {
        self.read(move |connection| find(connection, &which)).await
    }

    pub(crate) async fn step_handover(
        &self,
        which: WhichHandover,
        step: HandoverStep,
        now: DateTime<Utc>,
    ) -> Result<HandoverOutcome, StoreError> {
        self.write(move |transaction| {
            let Some(mut stored) = find(transaction, &which)? else { return Ok(HandoverOutcome::Unknown) };
            let (outcome, event) = stored.step(&step, now);
            let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
            transaction.execute(
                "UPDATE handovers SET sealed = ?2, tries = ?3, opener = ?4, by_address = ?5, opened_at = ?6,
                     opened_from = ?7, confirmed_at = ?8, again_at = ?9, again_from = ?10, ended_at = ?11,
                     ended_from = ?12, acknowledged_at = ?13
                 WHERE id = ?1",
                params![
                    stored.id,
                    stored.sealed,
                    stored.tries,
                    stored.opener,
                    stored.by_address,
                    millis(stored.opened_at),
                    stored.opened_from,
                    millis(stored.confirmed_at),
                    millis(stored.again_at),
                    stored.again_from,
                    millis(stored.ended_at),
                    stored.ended_from,
                    millis(stored.acknowledged_at)
                ],
            )?;
            if let Some(event) = event {
                events::insert(transaction, &event)?;
            }
            Ok(outcome)
        })
        .await
    }

    pub(crate) async fn forget_handovers(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let times = forgotten_before(now);
        let due = "SELECT EXISTS (SELECT 1 FROM handovers WHERE until <= ?3
                                  OR (sealed IS NOT NULL
                                      AND ((opened_at IS NULL AND until <= ?1) OR opened_at <= ?2)))";
        if self.is_read_only()
            || !self.read(move |connection| Ok(connection.query_row(due, times, |row| row.get(0))?)).await?
        {
            return Ok(());
        }
        self.write(move |transaction| {
            transaction.execute("DELETE FROM handovers WHERE until <= ?1", [times[2]])?;
            let sql = "UPDATE handovers SET sealed = NULL WHERE sealed IS NOT NULL AND opened_at <= ?1";
            transaction.execute(sql, [times[1]])?;
            let sql = "UPDATE handovers SET sealed = NULL
                       WHERE sealed IS NOT NULL AND opened_at IS NULL AND until <= ?1 RETURNING key_id, until";
            let mut statement = transaction.prepare(sql)?;
            let ended = statement.query_map([times[0]], |row| Ok((row.get(0)?, time(row.get(1)?))))?;
            for (key_id, until) in ended.collect::<Result<Vec<(String, _)>, _>>()? {
                events::insert(transaction, &expired(key_id, until, now))?;
            }
            Ok(())
        })
        .await
    }
}

fn find(connection: &rusqlite::Connection, which: &WhichHandover) -> Result<Option<StoredHandover>, StoreError> {
    let (column, value): (_, &dyn rusqlite::ToSql) = match which {
        WhichHandover::Id(id) => ("id", id),
        WhichHandover::Lookup(digest) => ("lookup", digest),
    };
    let sql = format!("SELECT {COLUMNS} FROM handovers WHERE {column} = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([value], handover).optional()?)
}

pub(super) fn handover(row: &Row<'_>) -> rusqlite::Result<StoredHandover> {
    let at = |place| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(place)?.map(time));
    Ok(StoredHandover {
        id: row.get(0)?,
        proof: row.get(1)?,
        sealed: row.get(2)?,
        key_id: row.get(3)?,
        has_pin: row.get(4)?,
        created_by: row.get(5)?,
        created_at: time(row.get(6)?),
        until: time(row.get(7)?),
        tries: row.get(8)?,
        opener: row.get(9)?,
        by_address: row.get(10)?,
        opened_at: at(11)?,
        opened_from: row.get(12)?,
        confirmed_at: at(13)?,
        again_at: at(14)?,
        again_from: row.get(15)?,
        ended_at: at(16)?,
        ended_from: row.get(17)?,
        acknowledged_at: at(18)?,
        label: row.get(19)?,
    })
}
