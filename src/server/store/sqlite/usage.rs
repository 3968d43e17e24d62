//! What an exchange needs to know of a key, and what its use leaves behind.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::super::keys::{KeyCredential, Use};
use super::super::status::status;
use super::events;
use super::events::NewEvent;
use super::row::time;
use crate::server::store::{Cancel, Store, StoreError};

impl Store {
    /// What decides about a key's use at `now`.
    ///
    /// It reads the key at or after this ID, and then looks whether it is the one: so the work is the same for an ID
    /// that no key has, and its time does not tell (at the end of the index it starts over).
    pub(crate) fn credential(&self, id: &str, now: DateTime<Utc>) -> Result<Option<KeyCredential>, StoreError> {
        let sql = "SELECT id, switched_off, expires_at, generation, secret FROM keys JOIN sealed USING (seq)
                   WHERE id >= ?1 ORDER BY id LIMIT 1";
        self.read(&Cancel::default(), |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut at_or_after = |id: &str| {
                let found = statement.query_row([id], |row| {
                    let expires_at = row.get::<_, Option<i64>>(2)?.map(time);
                    let status = status(row.get(1)?, expires_at, now);
                    let credential =
                        KeyCredential { status, expires_at, generation: row.get(3)?, encrypted: row.get(4)? };
                    Ok((row.get::<_, String>(0)?, credential))
                });
                found.optional()
            };
            let found = match at_or_after(id)? {
                None => at_or_after("")?,
                found => found,
            };
            Ok(found.filter(|(found, _)| found == id).map(|(_, credential)| credential))
        })
    }

    /// Writes uses and events down, in one transaction. Another process may have written a later use.
    pub(crate) fn record(&self, uses: &[(String, Use)], events: &[(String, NewEvent)]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE keys SET last_used_at = ?2, last_used_from = ?3 WHERE id = ?1 AND last_used_at <= ?2";
            let mut statement = transaction.prepare_cached(sql)?;
            for (id, last) in uses {
                statement.execute(params![id, last.at.timestamp_millis(), last.from])?;
            }
            for (id, event) in events {
                events::insert(transaction, id, event)?;
            }
            Ok(())
        })
    }
}
