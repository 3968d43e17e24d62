//! Sessions of administrators.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::administrators::role;
use super::row::time;
use super::store::SqliteStore;
use crate::domain::Role;
use crate::server::store::error::StoreError;
use crate::server::store::sessions::{
    Digest, LIFETIME, MOST_AHEAD, MOST_IDLE, MOST_NETWORKS, MOST_SESSIONS, NETWORK_KNOWN_FOR, NewSession, StoredSession,
};

impl SqliteStore {
    pub(crate) async fn begin_session(&self, new: NewSession, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        let at = now.timestamp_millis();
        self.write(move |transaction| {
            let sql = "UPDATE administrators SET last_sign_in_at = ?3 WHERE username = ?1 AND password = ?2
                       RETURNING role";
            let mut statement = transaction.prepare_cached(sql)?;
            let found = statement.query_row(params![new.username, new.password, at], |row| role(row, 0)).optional()?;
            let Some(role) = found else { return Ok(None) };
            let sql = "DELETE FROM sessions WHERE created_at <= ?1 OR last_seen_at <= ?2
                                               OR max(created_at, last_seen_at) > ?3";
            transaction.prepare_cached(sql)?.execute(limits(now))?;
            let sql = "DELETE FROM sessions WHERE digest IN
                       (SELECT digest FROM sessions WHERE username = ?1 ORDER BY created_at DESC LIMIT -1 OFFSET ?2)";
            transaction.prepare_cached(sql)?.execute(params![new.username, MOST_SESSIONS - 1])?;
            transaction.prepare_cached("INSERT INTO sessions VALUES (?1, ?2, ?3, ?3, ?4)")?.execute(params![
                new.digest,
                new.username,
                at,
                new.source
            ])?;
            let sql = "INSERT INTO familiar VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET last_at = excluded.last_at";
            transaction.prepare_cached(sql)?.execute(params![new.username, new.network, at])?;
            let sql = "DELETE FROM familiar WHERE username = ?1 AND (last_at <= ?2 OR last_at > ?4 OR network IN
                       (SELECT network FROM familiar WHERE username = ?1 ORDER BY last_at DESC LIMIT -1 OFFSET ?3))";
            let oldest = (now - NETWORK_KNOWN_FOR).timestamp_millis();
            let latest = (now + MOST_AHEAD).timestamp_millis();
            transaction.prepare_cached(sql)?.execute(params![new.username, oldest, MOST_NETWORKS, latest])?;
            Ok(Some(role))
        })
        .await
    }

    pub(crate) async fn session(
        &self,
        digest: Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredSession>, StoreError> {
        let sql = "SELECT username, role, last_seen_at FROM sessions JOIN administrators USING (username)
                   WHERE digest = ?4 AND sessions.created_at > ?1 AND last_seen_at > ?2
                         AND max(sessions.created_at, last_seen_at) <= ?3";
        self.read(move |connection| {
            let [created, seen, latest] = limits(now);
            let mut statement = connection.prepare_cached(sql)?;
            let session = statement.query_row(params![created, seen, latest, digest], |row| {
                Ok(StoredSession { username: row.get(0)?, role: role(row, 1)?, last_seen_at: time(row.get(2)?) })
            });
            Ok(session.optional()?)
        })
        .await
    }

    pub(crate) async fn see_session(&self, digest: Digest, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET last_seen_at = ?2 WHERE digest = ?1 AND last_seen_at < ?2";
        self.write(move |transaction| {
            transaction.prepare_cached(sql)?.execute(params![digest, now.timestamp_millis()])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn end_session(&self, digest: Digest) -> Result<(), StoreError> {
        self.write(move |transaction| {
            transaction.prepare_cached("DELETE FROM sessions WHERE digest = ?1")?.execute([digest])?;
            Ok(())
        })
        .await
    }
}

/// Between which times a session must have begun and been seen: milliseconds of the oldest beginning, of the oldest last
/// call, and of the latest of both.
fn limits(now: DateTime<Utc>) -> [i64; 3] {
    [now - LIFETIME, now - MOST_IDLE, now + MOST_AHEAD].map(|time| time.timestamp_millis())
}
