//! Sessions of administrators.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::administrators::role;
use super::args::args;
use super::events;
use super::store::{PostgresStore, again};
use crate::domain::Role;
use crate::server::store::access::sessions::{
    Digest, MOST_AHEAD, MOST_NETWORKS, MOST_SESSIONS, NETWORK_KNOWN_FOR, NewSession, RevokeAll, SessionId, SessionRow,
    StoredSession, limits,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent, Subject};
use crate::server::store::postgres::keys::row::time;

impl PostgresStore {
    pub(crate) async fn begin_session(&self, new: NewSession, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        again!(self.try_begin_session(&new, now))
    }

    async fn try_begin_session(&self, new: &NewSession, now: DateTime<Utc>) -> Result<Option<Role>, StoreError> {
        let mut transaction = self.begin().await?;
        let (at, name) = (now.timestamp_millis(), new.username.as_str());
        let sql = "UPDATE administrators SET last_sign_in_at = $3 WHERE username = $1 AND password = $2 RETURNING role";
        let Some(row) = transaction.row(sql, args![name, new.password, at]).await? else { return Ok(None) };
        let role = role(&row, 0)?;
        let [created, seen, latest] = limits(now);
        let sql = "DELETE FROM sessions WHERE created_at <= $1 OR last_seen_at <= $2
                                           OR greatest(created_at, last_seen_at) > $3";
        transaction.execute(sql, args![created, seen, latest]).await?;
        let sql = "DELETE FROM sessions WHERE digest IN
                       (SELECT digest FROM sessions WHERE username = $1 ORDER BY created_at DESC OFFSET $2)";
        transaction.execute(sql, args![name, i64::from(MOST_SESSIONS) - 1]).await?;
        let sql = "INSERT INTO sessions VALUES ($1, $2, $3, $3, $4)";
        transaction.execute(sql, args![new.digest.as_slice(), name, at, new.source]).await?;
        let sql = "INSERT INTO familiar VALUES ($1, $2, $3)
                   ON CONFLICT (username, network) DO UPDATE SET last_at = excluded.last_at";
        transaction.execute(sql, args![name, new.network, at]).await?;
        let sql = "DELETE FROM familiar WHERE username = $1 AND (last_at <= $2 OR last_at > $4 OR network IN
                       (SELECT network FROM familiar WHERE username = $1 ORDER BY last_at DESC OFFSET $3))";
        let oldest = (now - NETWORK_KNOWN_FOR).timestamp_millis();
        let latest = (now + MOST_AHEAD).timestamp_millis();
        transaction.execute(sql, args![name, oldest, i64::from(MOST_NETWORKS), latest]).await?;
        let actor = Actor { name: new.username.clone(), address: new.source.clone() };
        let event = NewEvent::of_administrator(&actor, name, EventKind::SignedIn, now);
        events::insert(&mut transaction, &event).await?;
        transaction.commit().await?;
        Ok(Some(role))
    }

    pub(crate) async fn session(
        &self,
        digest: Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredSession>, StoreError> {
        let sql = "SELECT username, role, last_seen_at FROM sessions JOIN administrators USING (username)
                   WHERE digest = $4 AND sessions.created_at > $1 AND last_seen_at > $2
                         AND greatest(sessions.created_at, last_seen_at) <= $3";
        let [created, seen, latest] = limits(now);
        let row = self.lend().await?.row(sql, args![created, seen, latest, digest.as_slice()]).await?;
        row.map(|row| Ok(StoredSession { username: row.get(0), role: role(&row, 1)?, last_seen_at: time(row.get(2)) }))
            .transpose()
    }

    pub(crate) async fn see_session(&self, digest: Digest, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET last_seen_at = $2 WHERE digest = $1 AND last_seen_at < $2";
        self.lend().await?.execute(sql, args![digest.as_slice(), now.timestamp_millis()]).await?;
        Ok(())
    }

    pub(crate) async fn end_session(&self, digest: Digest, actor: Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        again!(self.try_end_session(digest, &actor, now))
    }

    async fn try_end_session(&self, digest: Digest, actor: &Actor, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM sessions WHERE digest = $1 RETURNING username";
        if let Some(row) = transaction.row(sql, args![digest.as_slice()]).await? {
            let event = NewEvent::of_administrator(actor, row.get(0), EventKind::SignedOut, now);
            events::insert(&mut transaction, &event).await?;
        }
        transaction.commit().await
    }

    pub(crate) async fn sessions(
        &self,
        username: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let sql = "SELECT digest, username, role, sessions.created_at, last_seen_at, source
                   FROM sessions JOIN administrators USING (username)
                   WHERE sessions.created_at > $1 AND last_seen_at > $2
                         AND greatest(sessions.created_at, last_seen_at) <= $3 AND username = coalesce($4, username)
                   ORDER BY sessions.created_at DESC, digest";
        let [created, seen, latest] = limits(now);
        let rows = self.lend().await?.rows(sql, args![created, seen, latest, username]).await?;
        let session = |row: &Row| {
            let digest = Digest::try_from(row.get::<_, &[u8]>(0));
            Ok(SessionRow {
                id: SessionId::of(&digest.map_err(|error| StoreError::Engine(Box::new(error)))?),
                username: row.get(1),
                role: role(row, 2)?,
                created_at: time(row.get(3)),
                last_seen_at: time(row.get(4)),
                source: row.get(5),
            })
        };
        rows.iter().map(session).collect()
    }

    pub(crate) async fn end_session_by_id(
        &self,
        id: SessionId,
        username: Option<&str>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        again!(self.try_end_session_by_id(id, username, &actor, now))
    }

    async fn try_end_session_by_id(
        &self,
        id: SessionId,
        username: Option<&str>,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "DELETE FROM sessions WHERE digest BETWEEN $1 AND $2 AND username = coalesce($3, username)
                   AND created_at > $4 AND last_seen_at > $5 AND greatest(created_at, last_seen_at) <= $6
                   RETURNING username";
        let ([low, high], [created, seen, latest]) = (id.range(), limits(now));
        let values = args![low.as_slice(), high.as_slice(), username, created, seen, latest];
        let Some(row) = transaction.row(sql, values).await? else { return Ok(None) };
        let ended: String = row.get(0);
        let event = NewEvent::of_administrator(actor, &ended, EventKind::SessionEnded, now);
        events::insert(&mut transaction, &NewEvent { detail: Some(id.to_text()), ..event }).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }

    pub(crate) async fn revoke(&self, what: RevokeAll, actor: Actor, now: DateTime<Utc>) -> Result<u64, StoreError> {
        again!(self.try_revoke(what, &actor, now))
    }

    async fn try_revoke(&self, what: RevokeAll, actor: &Actor, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let event = |kind| NewEvent::of(actor, Subject::Server, kind, now);
        let mut ended = 0;
        if what.tokens {
            transaction.rows("SELECT revoke_all_tokens($1)", args![now.timestamp_millis()]).await?;
            events::insert(&mut transaction, &event(EventKind::TokensRevoked)).await?;
        }
        if what.sessions {
            ended = transaction.execute("DELETE FROM sessions", &[]).await?;
            events::insert(&mut transaction, &event(EventKind::SessionsRevoked)).await?;
        }
        transaction.commit().await?;
        self.alarm();
        Ok(ended)
    }
}
