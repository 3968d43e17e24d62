//! Messages for the webhook.

use chrono::{DateTime, Utc};

use super::args::args;
use super::handovers::handover;
use super::store::{PostgresStore, again};
use crate::domain::AccessKey;
use crate::server::store::error::StoreError;
use crate::server::store::handovers::{COLUMNS as HANDOVER, StoredHandover};
use crate::server::store::postgres::keys::row::{COLUMNS, TABLES, key, time};
use crate::server::store::webhook::{
    AT_ONCE, CLAIM, ClaimedMessage, KEPT, NewMessage, Settled, TOLD, USED_LATE, USED_LATE_EVERY, handover_alarms,
    not_told,
};

impl PostgresStore {
    pub(crate) async fn alarms(&self, now: DateTime<Utc>) -> Result<(Vec<AccessKey>, Vec<StoredHandover>), StoreError> {
        let since = (now - TOLD).timestamp_millis();
        let mut connection = self.lend().await?;
        let new = not_told(USED_LATE, "k.id", "u.late_use_at", USED_LATE_EVERY);
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE u.late_use_at > $1 AND {new} ORDER BY u.late_use_at LIMIT {AT_ONCE}"
        );
        let keys = connection.rows(&sql, args![since]).await?;
        let keys = keys.iter().map(|row| key(row, now)).collect::<Result<_, _>>()?;
        let new = handover_alarms("$1", "$2");
        let sql = format!("SELECT {HANDOVER} FROM handovers WHERE {new} ORDER BY until LIMIT {AT_ONCE}");
        let handovers = connection.rows(&sql, args![since, now.timestamp_millis()]).await?;
        Ok((keys, handovers.iter().map(handover).collect()))
    }

    pub(crate) async fn add_messages(&self, new: Vec<NewMessage>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        again!(self.try_add_messages(&new, now))
    }

    async fn try_add_messages(&self, new: &[NewMessage], now: DateTime<Utc>) -> Result<usize, StoreError> {
        let texts = |text: fn(&NewMessage) -> &str| new.iter().map(text).collect::<Vec<&str>>();
        let times: Vec<i64> = new.iter().map(|message| message.at.timestamp_millis()).collect();
        let next: Vec<i64> = new.iter().map(|message| message.first_try(now)).collect();
        let values = args![
            texts(|message| &message.id),
            texts(|message| message.kind),
            texts(|message| &message.key_id),
            times,
            texts(|message| &message.body),
            next,
            now.timestamp_millis()
        ];
        // In an order, so that servers that store the same messages don't wait for each other crosswise.
        let sql = "INSERT INTO webhook_messages (id, kind, key_id, at, body, created_at, next_at, tries)
                   SELECT new.id, new.kind, keys.id, new.at, new.body, $7, new.next_at, 0
                   FROM unnest($1, $2, $3, $4, $5, $6) AS new (id, kind, key_id, at, body, next_at)
                   JOIN keys ON keys.id = new.key_id ORDER BY new.id ON CONFLICT DO NOTHING";
        let added = self.lend().await?.execute(sql, values).await?;
        Ok(usize::try_from(added).unwrap_or(usize::MAX))
    }

    pub(crate) async fn claim_messages(
        &self,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedMessage>, StoreError> {
        let (at, end) = (now.timestamp_millis(), (now + CLAIM).timestamp_millis());
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        // Servers do this at the same time: none waits for another. Materialized, so that the rows are chosen once.
        let sql = "WITH chosen AS MATERIALIZED (SELECT id FROM webhook_messages WHERE next_at <= $1 ORDER BY next_at
                                                LIMIT $3 FOR UPDATE SKIP LOCKED)
                   UPDATE webhook_messages SET next_at = $2, tries = tries + 1 WHERE id IN (SELECT id FROM chosen)
                   RETURNING id, kind, key_id, at, body, tries";
        let rows = self.lend().await?.rows(sql, args![at, end, most]).await?;
        let claimed = rows.iter().map(|row| ClaimedMessage {
            id: row.get(0),
            kind: row.get(1),
            key_id: row.get(2),
            at: time(row.get(3)),
            body: row.get(4),
            tries: row.get(5),
        });
        Ok(claimed.collect())
    }

    pub(crate) async fn settle_message(
        &self,
        message: ClaimedMessage,
        settled: Settled,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (next, failed) = settled.times(now);
        let sql = "UPDATE webhook_messages SET next_at = $3, failed_at = $4, body = CASE WHEN $5 THEN '' ELSE body END
                   WHERE id = $1 AND tries = $2";
        let values = args![message.id, message.tries, next, failed, settled == Settled::Sent];
        self.lend().await?.execute(sql, values).await?;
        Ok(())
    }

    pub(crate) async fn drop_message(&self, message: ClaimedMessage) -> Result<(), StoreError> {
        let sql = "DELETE FROM webhook_messages WHERE id = $1 AND tries = $2";
        self.lend().await?.execute(sql, args![message.id, message.tries]).await?;
        Ok(())
    }

    pub(crate) async fn forget_messages(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "DELETE FROM webhook_messages WHERE id IN
                       (SELECT id FROM webhook_messages WHERE at < $1 FOR UPDATE SKIP LOCKED)";
        self.lend().await?.execute(sql, args![(now - KEPT).timestamp_millis()]).await?;
        Ok(())
    }
}
