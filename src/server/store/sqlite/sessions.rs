//! Who is signed in.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

use super::administrators::role;
use super::row::time;
use crate::server::http::session::Role;
use crate::server::store::{Cancel, Store, StoreError};

/// How long a session lasts at most.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::hours(8);
/// How long it lasts without a call.
const MOST_IDLE: TimeDelta = TimeDelta::hours(1);
/// How exactly the last call is known.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// So many sessions of one administrator at most; the oldest end first.
const MOST_SESSIONS: u32 = 100;
/// So many networks are familiar to one administrator at most.
const MOST_FAMILIAR: u32 = 50;
/// How long a network stays familiar after a sign-in.
const FAMILIAR_FOR: TimeDelta = TimeDelta::days(90);

/// The SHA-256 of a session token.
pub(crate) type Digest = [u8; 32];

/// A session that is to begin.
pub(crate) struct NewSession<'a> {
    pub(crate) digest: Digest,
    pub(crate) username: &'a str,
    /// The hash that the given password matched.
    pub(crate) password: &'a str,
    pub(crate) source: &'a str,
    pub(crate) network: &'a str,
}

/// A session that lasts.
pub(crate) struct StoredSession {
    pub(crate) username: String,
    pub(crate) role: Role,
    last_seen_at: DateTime<Utc>,
}

impl StoredSession {
    /// Whether this call must be written down.
    pub(crate) fn is_unseen(&self, now: DateTime<Utc>) -> bool {
        now - self.last_seen_at >= SEEN_EVERY
    }
}

impl Store {
    /// Begins a session and clears expired ones away. None when administrator or password changed meanwhile.
    pub(crate) fn begin_session(&self, new: &NewSession<'_>, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        let at = now.timestamp_millis();
        self.write(|transaction| {
            let sql = "UPDATE administrators SET last_sign_in_at = ?3 WHERE username = ?1 AND password = ?2
                       RETURNING role";
            let mut statement = transaction.prepare_cached(sql)?;
            let found = statement.query_row(params![new.username, new.password, at], |row| role(row, 0)).optional()?;
            let Some(role) = found else { return Ok(None) };
            let sql = "DELETE FROM sessions WHERE created_at <= ?1 OR last_seen_at <= ?2";
            let oldest = [now - LIFETIME, now - MOST_IDLE].map(|time| time.timestamp_millis());
            transaction.prepare_cached(sql)?.execute(oldest)?;
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
            let sql = "DELETE FROM familiar WHERE username = ?1 AND (last_at <= ?2 OR network IN
                       (SELECT network FROM familiar WHERE username = ?1 ORDER BY last_at DESC LIMIT -1 OFFSET ?3))";
            let oldest = (now - FAMILIAR_FOR).timestamp_millis();
            transaction.prepare_cached(sql)?.execute(params![new.username, oldest, MOST_FAMILIAR])?;
            Ok(Some(role))
        })
    }

    /// The session with this digest, if it lasts, and the administrator's role as it is now.
    pub(crate) fn session(&self, digest: &Digest, now: DateTime<Utc>) -> Result<Option<StoredSession>, StoreError> {
        let sql = "SELECT username, role, last_seen_at FROM sessions JOIN administrators USING (username)
                   WHERE digest = ?1 AND sessions.created_at > ?2 AND last_seen_at > ?3";
        self.read(&Cancel::default(), |connection| {
            let oldest = [now - LIFETIME, now - MOST_IDLE].map(|time| time.timestamp_millis());
            let mut statement = connection.prepare_cached(sql)?;
            let session = statement.query_row(params![digest, oldest[0], oldest[1]], |row| {
                Ok(StoredSession { username: row.get(0)?, role: role(row, 1)?, last_seen_at: time(row.get(2)?) })
            });
            Ok(session.optional()?)
        })
    }

    /// Writes down that a session was used.
    pub(crate) fn see_session(&self, digest: &Digest, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET last_seen_at = ?2 WHERE digest = ?1 AND last_seen_at < ?2";
        self.write(|transaction| {
            transaction.prepare_cached(sql)?.execute(params![digest, now.timestamp_millis()])?;
            Ok(())
        })
    }

    /// Ends a session.
    pub(crate) fn end_session(&self, digest: &Digest) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.prepare_cached("DELETE FROM sessions WHERE digest = ?1")?.execute([digest])?;
            Ok(())
        })
    }
}
