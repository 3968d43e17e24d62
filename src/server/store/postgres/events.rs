//! The trail.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::args::{SqlArgs, args};
use super::store::PostgresStore;
use crate::domain::Order;
use crate::server::store::error::StoreError;
use crate::server::store::events::{
    EventQuery, MOST_LATE, MOST_REFUSALS, NewEvent, Refusals, StoredEvent, Subject, changes_of_text, changes_to_text,
    keys_of, last_label, put_labels,
};
use crate::server::store::postgres::keys::row::time;
use crate::server::store::postgres::network::connection::Lent;

impl PostgresStore {
    pub(crate) async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        let mut args = SqlArgs::default();
        let mut sql = select(&query, &mut args);
        // A client that follows the trail goes on after the highest number of such a page.
        if query.order == Order::Asc || query.after.is_none() {
            let highest = self.lend().await?.row("SELECT coalesce(max(seq), 0) FROM events", &[]).await?;
            let highest = highest.map_or(0, |row| row.get::<_, i64>(0));
            self.after_writers().await?;
            sql = sql.replacen(" WHERE ", &format!(" WHERE seq <= {} AND ", args.place(highest)), 1);
        }
        let rows = self.lend().await?.rows(&sql, &args.list()).await?;
        let mut events: Vec<_> = rows.iter().map(event).collect();
        let ids = keys_of(&events);
        if !ids.is_empty() {
            put_labels(&mut events, &self.labels(ids).await?);
        }
        Ok(events)
    }

    /// The labels of keys, the last ones of those that are deleted.
    async fn labels(&self, ids: Vec<String>) -> Result<HashMap<String, String>, StoreError> {
        // The deletion of a key is among its last events. The sum keeps the index of kinds out.
        let sql = "SELECT one.id, k.label, gone.changes FROM unnest($1) one (id) LEFT JOIN keys k ON k.id = one.id
                   LEFT JOIN LATERAL (SELECT changes FROM events
                                      WHERE k.id IS NULL AND key_id = one.id AND kind || '' = 'deleted'
                                      ORDER BY seq DESC LIMIT 1) gone ON true";
        let rows = self.lend().await?.rows(sql, args![ids]).await?;
        let label = |row: &Row| row.get::<_, Option<String>>(1).unwrap_or_else(|| last_label(row.get(2)));
        Ok(rows.iter().map(|row| (row.get(0), label(row))).collect())
    }

    pub(crate) async fn forget_events(&self, before: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        // Servers do this at the same time: none waits for another.
        let sql = "DELETE FROM events WHERE seq IN
                       (SELECT seq FROM events WHERE kind IN ('used', 'refused', 'sign_in_refused') AND at < $1
                        ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";
        let (before, limit) = (before.timestamp_millis(), i64::try_from(most).unwrap_or(i64::MAX));
        let gone = self.lend().await?.execute(sql, args![before, limit]).await?;
        Ok(gone == most as u64)
    }
}

/// The statement of a page of events.
fn select(query: &EventQuery, args: &mut SqlArgs) -> String {
    let EventQuery { key, administrator, by, kinds, since, order, after, limit } = query.clone();
    let (beyond, direction, start) = match order {
        Order::Desc => ("<", "DESC", i64::MAX),
        Order::Asc => (">", "ASC", 0),
    };
    let mut all = vec![format!("seq {beyond} {}", args.place(after.unwrap_or(start)))];
    for (column, value) in [("key_id", key), ("administrator", administrator), ("by", by)] {
        all.extend(value.map(|value| format!("{column} = {}", args.place(value))));
    }
    if let Some(since) = since {
        // The number of the first event from then on, so that those before it aren't looked at.
        let first = args.place((since - MOST_LATE).timestamp_millis());
        all.push(format!("seq >= coalesce((SELECT seq FROM events WHERE at >= {first} ORDER BY at LIMIT 1), 0)"));
        // The sum keeps the index from giving a page in the order of times, which is not that of the numbers.
        all.push(format!("at + 0 >= {}", args.place(since.timestamp_millis())));
    }
    if !kinds.is_empty() {
        let words: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
        all.push(format!("kind IN ({})", words.join(", ")));
        if !kinds.iter().any(|kind| kind.is_passing()) {
            all.push("kind NOT IN ('used', 'refused', 'sign_in_refused')".to_owned()); // as the index says it
        }
    }
    let limit = args.place(i64::try_from(limit).unwrap_or(i64::MAX));
    format!(
        "SELECT seq, key_id, administrator, kind, at, by, source, detail, changes, count FROM events
         WHERE {} ORDER BY seq {direction} LIMIT {limit}",
        all.join(" AND ")
    )
}

fn event(row: &Row) -> StoredEvent {
    let (key, administrator): (String, Option<String>) = (row.get(1), row.get(2));
    let about = match administrator {
        Some(name) => Subject::Administrator(name),
        None if key.is_empty() => Subject::Server,
        None => Subject::Key(key),
    };
    StoredEvent {
        seq: row.get(0),
        about,
        label: String::new(),
        kind: row.get(3),
        at: time(row.get(4)),
        by: row.get(5),
        from: row.get(6),
        detail: row.get(7),
        changes: changes_of_text(row.get(8)),
        count: row.get::<_, i64>(9).unsigned_abs(),
    }
}

/// What refusals have in common that are counted together, beside whom they are about.
pub(super) fn slot(refusals: &Refusals) -> String {
    let Refusals { about, network, why, .. } = refusals;
    let slot = format!("{} {} {why}", refusals.minute(), network.as_deref().unwrap_or("*"));
    about.administrator().map_or(slot.clone(), |name| format!("{slot} {name}"))
}

/// Adds refusals to those of the same minute, network and reason, and drops the oldest of a key or an administrator that
/// has too many.
pub(super) async fn refuse(transaction: &mut Lent<'_>, refusals: &Refusals, slot: String) -> Result<(), StoreError> {
    let Refusals { about, network, from, why, at, count } = refusals;
    let (key, administrator) = (about.key().unwrap_or_default(), about.administrator());
    let sql = "INSERT INTO events AS old (key_id, administrator, at, kind, source, detail, count, slot)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (key_id, slot) WHERE slot IS NOT NULL DO UPDATE SET
                   count = old.count + excluded.count,
                   source = CASE WHEN old.source IS NOT DISTINCT FROM excluded.source THEN old.source ELSE $9 END";
    let count = i64::try_from(*count).unwrap_or(i64::MAX);
    let (at, kind) = (at.timestamp_millis(), refusals.kind().as_str());
    transaction.execute(sql, args![key, administrator, at, kind, *from, *why, count, slot, *network]).await?;
    let which = match about {
        Subject::Key(_) => "key_id = $1 AND kind = 'refused'",
        _ => "administrator IS NOT DISTINCT FROM $1 AND kind = 'sign_in_refused'",
    };
    let sql = format!(
        "DELETE FROM events WHERE seq IN
             (SELECT seq FROM events WHERE {which} ORDER BY seq DESC LIMIT 500 OFFSET $2 FOR UPDATE SKIP LOCKED)"
    );
    let whose = about.key().or(administrator);
    transaction.execute(&sql, args![whose, i64::from(MOST_REFUSALS)]).await?;
    Ok(())
}

/// Stores an event.
pub(super) async fn insert(transaction: &mut Lent<'_>, event: &NewEvent) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (key_id, administrator, at, kind, by, source, detail, changes)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (at, kind) = (event.at.timestamp_millis(), event.kind.as_str());
    let (key, administrator) = (event.about.key().unwrap_or_default(), event.about.administrator());
    let changes = changes_to_text(&event.changes);
    let values = args![key, administrator, at, kind, event.by, event.from, event.detail, changes];
    transaction.execute(sql, values).await?;
    Ok(())
}
