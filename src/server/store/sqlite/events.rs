//! The trail.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::store::SqliteStore;
use crate::domain::Order;
use crate::server::store::error::StoreError;
use crate::server::store::events::{
    EventQuery, MOST_LATE, MOST_REFUSALS, NewEvent, Refusals, StoredEvent, Subject, changes_of_text, changes_to_text,
    keys_of, last_label, put_labels,
};
use crate::server::store::sqlite::keys::row::time;

impl SqliteStore {
    pub(crate) async fn events(&self, query: EventQuery) -> Result<Vec<StoredEvent>, StoreError> {
        self.read_many(move |connection, _| {
            let (sql, values) = select(&query);
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), event)?;
            let mut events: Vec<_> = rows.collect::<Result<_, _>>()?;
            let labels = labels(connection, keys_of(&events))?;
            put_labels(&mut events, &labels);
            Ok(events)
        })
        .await
    }

    pub(crate) async fn forget_events(&self, before: DateTime<Utc>, most: usize) -> Result<bool, StoreError> {
        if self.is_read_only() {
            return Ok(false);
        }
        let before = before.timestamp_millis();
        let due = "SELECT EXISTS
                       (SELECT 1 FROM events WHERE kind IN ('used', 'refused', 'sign_in_refused') AND at < ?1)";
        if !self.read(move |connection| Ok(connection.query_row(due, [before], |row| row.get::<_, bool>(0))?)).await? {
            return Ok(false);
        }
        self.write(move |transaction| {
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            Ok(transaction.execute(FORGET, params![before, limit])? == most)
        })
        .await
    }
}

/// The statement of a page of events, and its values.
fn select(query: &EventQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let mut sql =
        "SELECT seq, key_id, administrator, kind, at, by, source, detail, changes, count FROM events".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut when = |condition: &str, value: Box<dyn ToSql>| {
        let word = if values.is_empty() { "WHERE" } else { "AND" };
        sql = format!("{sql} {word} {condition}");
        values.push(value);
    };
    let (after, direction) = match query.order {
        Order::Desc => ("seq < ?", "DESC"),
        Order::Asc => ("seq > ?", "ASC"),
    };
    when(after, Box::new(query.after.unwrap_or(if query.order == Order::Desc { i64::MAX } else { 0 })));
    let EventQuery { key, administrator, by, kinds, since, limit, .. } = query.clone();
    for (condition, value) in [("key_id = ?", key), ("administrator = ?", administrator), ("by = ?", by)] {
        if let Some(value) = value {
            when(condition, Box::new(value));
        }
    }
    if let Some(since) = since {
        // The number of the first event from then on, so that those before it aren't looked at. The plus keeps the index
        // from giving a page in the order of times, which is not that of the numbers.
        let first = "seq >= ifnull((SELECT seq FROM events WHERE at >= ? ORDER BY at LIMIT 1), 0)";
        when(first, Box::new((since - MOST_LATE).timestamp_millis()));
        when("+at >= ?", Box::new(since.timestamp_millis()));
    }
    if !kinds.is_empty() {
        let words: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
        sql = format!("{sql} AND kind IN ({})", words.join(", "));
        if !kinds.iter().any(|kind| kind.is_passing()) {
            sql += " AND kind NOT IN ('used', 'refused', 'sign_in_refused')"; // as the index says it
        }
    }
    sql = format!("{sql} ORDER BY seq {direction} LIMIT ?");
    values.push(Box::new(i64::try_from(limit).unwrap_or(i64::MAX)));
    (sql, values)
}

/// The labels of keys, the last ones of those that are deleted.
fn labels(connection: &Connection, ids: Vec<String>) -> Result<HashMap<String, String>, StoreError> {
    let mut of_key = connection.prepare_cached("SELECT label FROM keys WHERE id = ?1")?;
    let mut of_deleted = connection.prepare_cached(OF_DELETED)?;
    let mut labels = HashMap::new();
    for id in ids {
        let label = match of_key.query_row([&id], |row| row.get(0)).optional()? {
            Some(label) => label,
            None => of_deleted
                .query_row([&id], |row| Ok(last_label(row.get::<_, Option<String>>(0)?.as_deref())))
                .optional()?
                .unwrap_or_default(),
        };
        labels.insert(id, label);
    }
    Ok(labels)
}

fn event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let (key, administrator): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let about = match administrator {
        Some(name) => Subject::Administrator(name),
        None if key.is_empty() => Subject::Server,
        None => Subject::Key(key),
    };
    Ok(StoredEvent {
        seq: row.get(0)?,
        about,
        label: String::new(),
        kind: row.get(3)?,
        at: time(row.get(4)?),
        by: row.get(5)?,
        from: row.get(6)?,
        detail: row.get(7)?,
        changes: changes_of_text(row.get::<_, Option<String>>(8)?.as_deref()),
        count: row.get::<_, i64>(9)?.unsigned_abs(),
    })
}

/// The deletion of a key is among its last events. The plus keeps the index of kinds out.
const OF_DELETED: &str = "SELECT changes FROM events WHERE key_id = ?1 AND +kind = 'deleted' ORDER BY seq DESC LIMIT 1";
const FORGET: &str = "DELETE FROM events WHERE seq IN
    (SELECT seq FROM events WHERE kind IN ('used', 'refused', 'sign_in_refused') AND at < ?1 ORDER BY at LIMIT ?2)";
/// As many at once as a refusal may delete: a history from before there was a limit shrinks little by little.
const DROP_REFUSALS: &str = "DELETE FROM events WHERE seq IN
    (SELECT seq FROM events WHERE key_id = ?1 AND kind = 'refused' ORDER BY seq DESC LIMIT 500 OFFSET ?2)";
const DROP_REFUSED_SIGN_INS: &str = "DELETE FROM events WHERE seq IN
    (SELECT seq FROM events WHERE administrator IS ?1 AND kind = 'sign_in_refused'
     ORDER BY seq DESC LIMIT 500 OFFSET ?2)";

/// Adds refusals to those of the same minute, network and reason, and drops the oldest of a key or an administrator that
/// has too many.
pub(crate) fn refuse(connection: &Connection, refusals: &Refusals) -> Result<(), StoreError> {
    let Refusals { about, network, from, why, at, count } = refusals;
    let (key, administrator) = (about.key().unwrap_or_default(), about.administrator());
    let mut slot = format!("{} {} {why}", refusals.minute(), network.as_deref().unwrap_or("*"));
    if let Some(name) = administrator {
        slot = format!("{slot} {name}");
    }
    let sql = "INSERT INTO events (key_id, administrator, at, kind, source, detail, count, slot)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT (key_id, slot) WHERE slot IS NOT NULL DO UPDATE SET
                   count = count + excluded.count,
                   source = CASE WHEN source IS excluded.source THEN source ELSE ?9 END";
    let count = i64::try_from(*count).unwrap_or(i64::MAX);
    let (at, kind) = (at.timestamp_millis(), refusals.kind().as_str());
    let values = params![key, administrator, at, kind, from, why, count, slot, network];
    connection.prepare_cached(sql)?.execute(values)?;
    if about.key().is_some() {
        connection.prepare_cached(DROP_REFUSALS)?.execute(params![key, MOST_REFUSALS])?;
    } else {
        connection.prepare_cached(DROP_REFUSED_SIGN_INS)?.execute(params![administrator, MOST_REFUSALS])?;
    }
    Ok(())
}

/// Stores an event.
pub(crate) fn insert(connection: &Connection, event: &NewEvent) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (key_id, administrator, at, kind, by, source, detail, changes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        event.about.key().unwrap_or_default(),
        event.about.administrator(),
        event.at.timestamp_millis(),
        event.kind.as_str(),
        event.by,
        event.from,
        event.detail,
        changes_to_text(&event.changes)
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::events::EventKind;
    use crate::server::store::sqlite::file::migrate::migrate;

    fn plan(connection: &Connection, sql: &str, values: usize) -> Vec<String> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(params_from_iter(vec![1; values]), |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// None steps over what is kept.
    #[test]
    fn what_is_deleted_is_found_in_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        for (sql, index) in [
            (FORGET, "events_passing"),
            (OF_DELETED, "events_by_key"),
            (DROP_REFUSALS, "events_refused"),
            (DROP_REFUSED_SIGN_INS, "events_refused_sign_ins"),
        ] {
            let plan = plan(&connection, sql, sql.matches('?').count());
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }

    #[test]
    fn a_page_of_events_is_read_along_an_index_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let text = || Some("x".to_owned());
        let all = EventQuery { limit: 10, ..EventQuery::default() };
        for (query, index) in [
            (EventQuery { key: text(), ..all.clone() }, "events_by_key"),
            (EventQuery { by: text(), ..all.clone() }, "events_by_actor"),
            (EventQuery { administrator: text(), ..all.clone() }, "events_by_administrator"),
            (EventQuery { kinds: vec![EventKind::Deleted], ..all.clone() }, "events_kept"),
            (EventQuery { since: Some(Utc::now()), ..all.clone() }, "PRIMARY KEY"),
            (all, "PRIMARY KEY"),
        ] {
            for order in [Order::Asc, Order::Desc] {
                let (sql, values) = select(&EventQuery { order, ..query.clone() });
                let plan = plan(&connection, &sql, values.len());
                assert!(plan[0].contains(index), "{sql}: {plan:?}");
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
            }
        }
    }
}
