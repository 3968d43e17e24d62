//! Administrators.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::args::args;
use super::events;
use super::store::{PostgresStore, again};
use crate::domain::Role;
use crate::server::auth::username::Username;
use crate::server::store::access::administrators::{
    AdminAccount, AdminOutcome, Administrator, PasswordChange, leaves_enough,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent};
use crate::server::store::postgres::keys::row::time;

impl PostgresStore {
    pub(crate) async fn add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        again!(self.try_add_administrator(username, role, password, &actor, now))
    }

    async fn try_add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "INSERT INTO administrators VALUES ($1, $2, $3, $4, NULL) ON CONFLICT DO NOTHING";
        let values = args![username.as_str(), role.as_str(), password, now.timestamp_millis()];
        if transaction.execute(sql, values).await? == 0 {
            return Ok(false);
        }
        let event = NewEvent::of_administrator(actor, username.as_str(), EventKind::AdminAdded, now);
        events::insert(&mut transaction, &event.with_role(None, Some(role))).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(crate) async fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
        let sql = "SELECT username, role, created_at, last_sign_in_at FROM administrators ORDER BY username";
        let rows = self.lend().await?.rows(sql, &[]).await?;
        let administrator = |row: &Row| {
            Ok(Administrator {
                username: row.get(0),
                role: role(row, 1)?,
                created_at: time(row.get(2)),
                last_sign_in_at: row.get::<_, Option<i64>>(3).map(time),
            })
        };
        rows.iter().map(administrator).collect()
    }

    pub(crate) async fn set_password(
        &self,
        change: PasswordChange,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        again!(self.try_set_password(&change, &actor, now))
    }

    async fn try_set_password(
        &self,
        change: &PasswordChange,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let PasswordChange { username, password, old, keep } = change;
        let mut transaction = self.begin().await?;
        let sql = "UPDATE administrators SET password = $2 WHERE username = $1 AND password = coalesce($3, password)";
        if transaction.execute(sql, args![username.as_str(), password.as_str(), old.as_deref()]).await? == 0 {
            return Ok(false);
        }
        let sql = "DELETE FROM sessions WHERE username = $1 AND digest IS DISTINCT FROM $2";
        let keep = keep.map(|digest| digest.to_vec());
        transaction.execute(sql, args![username.as_str(), keep]).await?;
        let event = NewEvent::of_administrator(actor, username.as_str(), EventKind::PasswordChanged, now);
        events::insert(&mut transaction, &event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    pub(crate) async fn set_role(
        &self,
        username: &Username,
        role: Role,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        again!(self.try_change_administrator(username, Some(role), even_last, &actor, now))
    }

    pub(crate) async fn remove_administrator(
        &self,
        username: &Username,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        again!(self.try_change_administrator(username, None, even_last, &actor, now))
    }

    /// Gives an administrator another role, or removes them.
    async fn try_change_administrator(
        &self,
        username: &Username,
        to: Option<Role>,
        even_last: bool,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        // Two who remove each other at the same time must not both find that the other stays.
        transaction.batch("LOCK TABLE administrators IN SHARE ROW EXCLUSIVE MODE").await?;
        let name = username.as_str();
        let sql = "SELECT role FROM administrators WHERE username = $1";
        let Some(row) = transaction.row(sql, args![name]).await? else { return Ok(AdminOutcome::Unknown) };
        let old = role(&row, 0)?;
        if to == Some(old) {
            return Ok(AdminOutcome::Done);
        }
        let sql = "SELECT role FROM administrators WHERE username <> $1";
        let others = transaction.rows(sql, args![name]).await?;
        let others = others.iter().map(|row| role(row, 0)).collect::<Result<Vec<_>, _>>()?;
        let outcome = leaves_enough(old, to, &others);
        if outcome != AdminOutcome::Done && !even_last {
            return Ok(outcome);
        }
        let kind = if let Some(to) = to {
            let sql = "UPDATE administrators SET role = $2 WHERE username = $1";
            transaction.execute(sql, args![name, to.as_str()]).await?;
            EventKind::RoleChanged
        } else {
            transaction.execute("DELETE FROM administrators WHERE username = $1", args![name]).await?;
            EventKind::AdminRemoved
        };
        let event = NewEvent::of_administrator(actor, name, kind, now);
        events::insert(&mut transaction, &event.with_role(Some(old), to)).await?;
        transaction.commit().await?;
        Ok(AdminOutcome::Done)
    }

    pub(crate) async fn account(&self, username: &str, network: &str) -> Result<AdminAccount, StoreError> {
        let sql = "SELECT (SELECT password FROM administrators WHERE username = $1),
                          EXISTS (SELECT 1 FROM familiar WHERE username = $1 AND network = $2)";
        let row = self.lend().await?.row(sql, args![username, network]).await?;
        let (password, is_known_network) = row.map_or((None, false), |row| (row.get(0), row.get(1)));
        Ok(AdminAccount { password, is_known_network })
    }
}

/// A role as it is stored.
pub(super) fn role(row: &Row, column: usize) -> Result<Role, StoreError> {
    let word: &str = row.get(column);
    Role::parse(word).ok_or_else(|| StoreError::Engine(format!("{word} is no role").into()))
}
