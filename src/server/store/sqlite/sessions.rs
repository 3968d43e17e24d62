//! Sessions of administrators.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::administrators::role;
use super::events;
use super::revocations::revoke_all_tokens;
use super::store::SqliteStore;
use crate::domain::Role;
use crate::server::store::access::sessions::{
    Digest, MOST_AHEAD, MOST_NETWORKS, MOST_SESSIONS, NETWORK_KNOWN_FOR, NewSession, RevokeAll, SessionId, SessionRow,
    StoredSession, limits,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::sqlite::keys::row::time;

impl SqliteStore {
    pub(crate) async fn begin_session(&self, new: NewSession, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        let at = now.timestamp_millis();
        // Without a session nothing can be revoked.
        self.write_urgent(move |transaction| {
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
            let actor = Actor { name: new.username.clone(), address: new.source.clone() };
            let event = NewEvent::of_administrator(&actor, &new.username, EventKind::SignedIn, now);
            events::insert(transaction, &event)?;
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

    pub(crate) async fn end_session(&self, digest: Digest, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write_urgent(move |transaction| {
            let sql = "DELETE FROM sessions WHERE digest = ?1 RETURNING username";
            let ended: Option<String> =
                transaction.prepare_cached(sql)?.query_row([digest], |row| row.get(0)).optional()?;
            if let Some(username) = ended {
                let event = NewEvent::of_administrator(&actor, &username, EventKind::SignedOut, now);
                events::insert(transaction, &event)?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn sessions(
        &self,
        username: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let username = username.map(str::to_owned);
        let sql = "SELECT digest, username, role, sessions.created_at, last_seen_at, source
                   FROM sessions JOIN administrators USING (username)
                   WHERE sessions.created_at > ?1 AND last_seen_at > ?2
                         AND max(sessions.created_at, last_seen_at) <= ?3 AND username = coalesce(?4, username)
                   ORDER BY sessions.created_at DESC, digest";
        self.read(move |connection| {
            let [created, seen, latest] = limits(now);
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map(params![created, seen, latest, username], |row| {
                Ok(SessionRow {
                    id: SessionId::of(&row.get(0)?),
                    username: row.get(1)?,
                    role: role(row, 2)?,
                    created_at: time(row.get(3)?),
                    last_seen_at: time(row.get(4)?),
                    source: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn end_session_by_id(
        &self,
        id: SessionId,
        username: Option<&str>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let username = username.map(str::to_owned);
        self.write_urgent(move |transaction| {
            let [low, high] = id.range();
            let [created, seen, latest] = limits(now);
            let sql = "DELETE FROM sessions WHERE digest BETWEEN ?1 AND ?2 AND username = coalesce(?3, username)
                       AND created_at > ?4 AND last_seen_at > ?5 AND max(created_at, last_seen_at) <= ?6
                       RETURNING username";
            let values = params![low, high, username, created, seen, latest];
            let ended: Option<String> = transaction.query_row(sql, values, |row| row.get(0)).optional()?;
            if let Some(username) = &ended {
                let event = NewEvent::of_administrator(&actor, username, EventKind::SessionEnded, now);
                events::insert(transaction, &NewEvent { detail: Some(id.to_text()), ..event })?;
            }
            Ok(ended)
        })
        .await
    }

    pub(crate) async fn revoke(&self, what: RevokeAll, actor: Actor, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.write_urgent(move |transaction| {
            let record = |kind| events::insert(transaction, &NewEvent::of(&actor, Subject::Server, kind, now));
            let mut ended = 0;
            if what.tokens {
                revoke_all_tokens(transaction, now)?;
                record(EventKind::TokensRevoked)?;
            }
            if what.sessions {
                ended = transaction.execute("DELETE FROM sessions", [])?;
                record(EventKind::SessionsRevoked)?;
            }
            Ok(u64::try_from(ended).unwrap_or(u64::MAX))
        })
        .await
    }
}
