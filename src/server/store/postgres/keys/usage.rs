//! What an exchange needs to know of a key, and what its use leaves behind.

use chrono::{DateTime, Utc};

use crate::server::store::access::sessions::MOST_AHEAD;
use crate::server::store::error::StoreError;
use crate::server::store::keys::{KeyCredential, Use};
use crate::server::store::postgres::args::args;
use crate::server::store::postgres::events;
use crate::server::store::postgres::keys::counts;
use crate::server::store::postgres::keys::row::{off, time};
use crate::server::store::postgres::store::{PostgresStore, again};
use crate::server::store::status::status;
use crate::server::store::usage::Recorded;

impl PostgresStore {
    /// Reads the key at or after this ID, and only then checks whether it is the one: the work is the same for an ID that
    /// no key has, so that timing reveals nothing (at the end of the index it starts over).
    pub(crate) async fn credential(&self, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
        let columns = "id, switched_off, reactivates_at, expires_at, generation, secret, replaced_by IS NOT NULL,
                       CASE WHEN rotates_until > $2 AND replaces IS NOT NULL
                            THEN (SELECT at = 0 FROM uses WHERE uses.seq = keys.seq) ELSE false END";
        let sql = format!(
            "(SELECT {columns}, 0 AS part FROM keys WHERE id >= $1 ORDER BY id LIMIT 1)
             UNION ALL
             (SELECT {columns}, 1 FROM keys ORDER BY id LIMIT 1)
             ORDER BY part LIMIT 1"
        );
        let found = self.lend().await?.row(&sql, args![id, now.timestamp_millis()]).await?;
        Ok(found.filter(|row| row.get::<_, &str>(0) == id).map(|row| {
            let expires_at = row.get::<_, Option<i64>>(3).map(time);
            let status = status(off(&row), expires_at, now);
            let (generation, encrypted, is_replaced, is_unused_successor) =
                (row.get(4), row.get(5), row.get(6), row.get(7));
            KeyCredential { status, expires_at, generation, encrypted, is_replaced, is_unused_successor }
        }))
    }

    pub(crate) async fn first_use(&self, id: &str, first: Use) -> Result<bool, StoreError> {
        again!(self.try_first_use(id, &first))
    }

    async fn try_first_use(&self, id: &str, first: &Use) -> Result<bool, StoreError> {
        let mut connection = self.lend().await?;
        let sql = "UPDATE uses SET at = $2, source = $3 FROM keys
                   WHERE keys.id = $1 AND uses.seq = keys.seq AND at = 0";
        let stored = connection.execute(sql, args![id, first.at.timestamp_millis(), first.from]).await?;
        // A statement of its own sees a deletion that the first one waited for.
        Ok(stored > 0 || connection.row("SELECT FROM keys WHERE id = $1", args![id]).await?.is_some())
    }

    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), StoreError> {
        // By itself: to store a use again changes nothing.
        if !recorded.uses.is_empty() {
            again!(self.record_uses(&recorded.uses))?;
        }
        let (refused, late) = (recorded.refused(), recorded.late_uses());
        if !refused.is_empty() {
            again!(self.record_refused(&refused, &late))?;
        }
        let rest = Recorded { uses: Vec::new(), ..recorded };
        if rest.is_empty() { Ok(()) } else { again!(self.record_events(&rest)) }
    }

    /// One statement and no more, which ends also if this server is cut off meanwhile: the deletion of one of
    /// these keys would otherwise wait for it.
    async fn record_uses(&self, uses: &[(String, Use)]) -> Result<(), StoreError> {
        let ids: Vec<&str> = uses.iter().map(|(id, _)| id.as_str()).collect();
        let times: Vec<i64> = uses.iter().map(|(_, last)| last.at.timestamp_millis()).collect();
        let latest: Vec<i64> = uses.iter().map(|(_, last)| (last.at + MOST_AHEAD).timestamp_millis()).collect();
        let from: Vec<&str> = uses.iter().map(|(_, last)| last.from.as_str()).collect();
        // Every server takes rows in the same order, or two would wait for each other.
        let sql = "WITH new AS MATERIALIZED (
                       SELECT seq, new.* FROM unnest($1, $2, $3, $4) AS new (id, new_at, latest, new_source)
                       JOIN keys USING (id) JOIN uses USING (seq) ORDER BY seq FOR UPDATE OF uses)
                   UPDATE uses SET at = new_at, source = new_source FROM new
                   WHERE uses.seq = new.seq AND (at <= new_at OR at > latest)";
        self.lend().await?.execute(sql, args![ids, times, latest, from]).await?;
        Ok(())
    }

    /// The last refusal of each key, and its last use after a rotation: in one statement too.
    async fn record_refused(
        &self,
        refused: &[(&str, DateTime<Utc>, &str)],
        late: &[(&str, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        let ids: Vec<&str> = refused.iter().map(|(id, ..)| *id).collect();
        let times: Vec<i64> = refused.iter().map(|(_, at, _)| at.timestamp_millis()).collect();
        let from: Vec<&str> = refused.iter().map(|(.., from)| *from).collect();
        let late = |id: &str| late.iter().find(|(of, _)| *of == id).map(|(_, at)| at.timestamp_millis());
        let late: Vec<Option<i64>> = ids.iter().map(|id| late(id)).collect();
        let sql = "WITH new AS MATERIALIZED (
                       SELECT seq, new.* FROM unnest($1, $2, $3, $4) AS new (id, new_at, new_from, late)
                       JOIN keys USING (id) JOIN uses USING (seq) ORDER BY seq FOR UPDATE OF uses)
                   UPDATE uses SET refused_from = CASE WHEN coalesce(refused_at, 0) <= new_at
                                                       THEN new_from ELSE refused_from END,
                                   refused_at = greatest(refused_at, new_at), late_use_at = greatest(late_use_at, late)
                   FROM new WHERE uses.seq = new.seq";
        self.lend().await?.execute(sql, args![ids, times, from, late]).await?;
        Ok(())
    }

    async fn record_events(&self, recorded: &Recorded) -> Result<(), StoreError> {
        let Recorded { events, refusals, counts, issued, .. } = recorded;
        let mut transaction = self.begin().await?;
        for event in events {
            events::insert(&mut transaction, event).await?;
        }
        let mut slots: Vec<_> = refusals.iter().map(|refusals| (events::slot(refusals), refusals)).collect();
        slots.sort_by(|(one, of_one), (other, of_other)| (&of_one.about, one).cmp(&(&of_other.about, other)));
        for (slot, refusals) in slots {
            events::refuse(&mut transaction, refusals, slot).await?;
        }
        counts::add(&mut transaction, counts, issued).await?;
        transaction.commit().await
    }

    pub(crate) async fn encrypted_sample(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let row = self.lend().await?.row("SELECT id, secret FROM keys LIMIT 1", &[]).await?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }
}
