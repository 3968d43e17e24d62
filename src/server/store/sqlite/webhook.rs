//! Messages for the webhook.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::handovers::handover;
use super::store::SqliteStore;
use crate::domain::AccessKey;
use crate::server::store::error::StoreError;
use crate::server::store::handovers::{COLUMNS, StoredHandover};
use crate::server::store::sqlite::keys::row::{columns, key, time};
use crate::server::store::webhook::{
    AT_ONCE, CLAIM, ClaimedMessage, KEPT, NewMessage, Settled, TOLD, USED_LATE, USED_LATE_EVERY, handover_alarms,
    not_told,
};

impl SqliteStore {
    pub(crate) async fn alarms(&self, now: DateTime<Utc>) -> Result<(Vec<AccessKey>, Vec<StoredHandover>), StoreError> {
        self.read(move |connection| {
            let since = (now - TOLD).timestamp_millis();
            let new = not_told(USED_LATE, "keys.id", "keys.late_use_at", USED_LATE_EVERY);
            let sql = format!(
                "SELECT {} FROM keys WHERE late_use_at > ?1 AND {new} ORDER BY late_use_at LIMIT {AT_ONCE}",
                columns()
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let keys = statement.query_map([since], |row| key(row, now))?.collect::<Result<_, _>>()?;
            let new = handover_alarms("?1", "?2");
            let sql = format!("SELECT {COLUMNS} FROM handovers WHERE {new} ORDER BY until LIMIT {AT_ONCE}");
            let mut statement = connection.prepare_cached(&sql)?;
            let times = [since, now.timestamp_millis()];
            let handovers = statement.query_map(times, handover)?.collect::<Result<_, _>>()?;
            Ok((keys, handovers))
        })
        .await
    }

    pub(crate) async fn add_messages(&self, new: Vec<NewMessage>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let sql = "INSERT INTO webhook_messages (id, kind, key_id, at, body, created_at, next_at, tries)
                       SELECT ?1, ?2, id, ?4, ?5, ?6, ?7, 0 FROM keys WHERE id = ?3 ON CONFLICT DO NOTHING";
            let mut statement = transaction.prepare_cached(sql)?;
            let mut added = 0;
            for message in &new {
                let NewMessage { id, kind, key_id, at, body } = message;
                let (at, created, next) = (at.timestamp_millis(), now.timestamp_millis(), message.first_try(now));
                added += statement.execute(params![id, kind, key_id, at, body, created, next])?;
            }
            Ok(added)
        })
        .await
    }

    pub(crate) async fn claim_messages(
        &self,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedMessage>, StoreError> {
        let (at, end) = (now.timestamp_millis(), (now + CLAIM).timestamp_millis());
        let is_due = "SELECT EXISTS (SELECT 1 FROM webhook_messages WHERE next_at <= ?1)";
        if !self.read(move |connection| Ok(connection.query_row(is_due, [at], |row| row.get(0))?)).await? {
            return Ok(Vec::new());
        }
        self.write(move |transaction| {
            let sql = "UPDATE webhook_messages SET next_at = ?2, tries = tries + 1
                       WHERE id IN (SELECT id FROM webhook_messages WHERE next_at <= ?1 ORDER BY next_at LIMIT ?3)
                       RETURNING id, kind, key_id, at, body, tries";
            let mut statement = transaction.prepare_cached(sql)?;
            let claimed = statement.query_map(params![at, end, i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                Ok(ClaimedMessage {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    key_id: row.get(2)?,
                    at: time(row.get(3)?),
                    body: row.get(4)?,
                    tries: row.get(5)?,
                })
            })?;
            Ok(claimed.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn settle_message(
        &self,
        message: ClaimedMessage,
        settled: Settled,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let ((next, failed), is_sent) = (settled.times(now), settled == Settled::Sent);
        self.write(move |transaction| {
            let sql = "UPDATE webhook_messages SET next_at = ?3, failed_at = ?4, body = iif(?5, '', body)
                       WHERE id = ?1 AND tries = ?2";
            transaction.execute(sql, params![message.id, message.tries, next, failed, is_sent])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn drop_message(&self, message: ClaimedMessage) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let sql = "DELETE FROM webhook_messages WHERE id = ?1 AND tries = ?2";
            transaction.execute(sql, params![message.id, message.tries])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn forget_messages(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let before = (now - KEPT).timestamp_millis();
        self.write(move |transaction| {
            transaction.execute("DELETE FROM webhook_messages WHERE at < ?1", [before])?;
            Ok(())
        })
        .await
    }
}
