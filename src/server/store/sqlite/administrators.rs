//! Administrators.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::events;
use super::store::SqliteStore;
use crate::domain::Role;
use crate::server::auth::username::Username;
use crate::server::store::access::administrators::{
    AdminAccount, AdminOutcome, Administrator, PasswordChange, leaves_enough,
};
use crate::server::store::error::StoreError;
use crate::server::store::events::{Actor, EventKind, NewEvent};
use crate::server::store::sqlite::keys::row::time;

impl SqliteStore {
    pub(crate) async fn add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (username, password) = (username.clone(), password.to_owned());
        self.write(move |transaction| {
            let sql = "INSERT INTO administrators VALUES (?1, ?2, ?3, ?4, NULL) ON CONFLICT DO NOTHING";
            let values = params![username.as_str(), role.as_str(), password, now.timestamp_millis()];
            if transaction.execute(sql, values)? == 0 {
                return Ok(false);
            }
            let event = NewEvent::of_administrator(&actor, username.as_str(), EventKind::AdminAdded, now);
            events::insert(transaction, &event.with_role(None, Some(role)))?;
            Ok(true)
        })
        .await
    }

    pub(crate) async fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
        self.read_many(|connection, _| {
            let sql = "SELECT username, role, created_at, last_sign_in_at FROM administrators ORDER BY username";
            let mut statement = connection.prepare(sql)?;
            let all = statement.query_map([], |row| {
                Ok(Administrator {
                    username: row.get(0)?,
                    role: role(row, 1)?,
                    created_at: time(row.get(2)?),
                    last_sign_in_at: row.get::<_, Option<i64>>(3)?.map(time),
                })
            })?;
            Ok(all.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn set_password(
        &self,
        change: PasswordChange,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.write_urgent(move |transaction| {
            let PasswordChange { username, password, old, keep } = &change;
            let sql =
                "UPDATE administrators SET password = ?2 WHERE username = ?1 AND password = coalesce(?3, password)";
            if transaction.execute(sql, params![username.as_str(), password, old])? == 0 {
                return Ok(false);
            }
            let sql = "DELETE FROM sessions WHERE username = ?1 AND digest IS NOT ?2";
            transaction.execute(sql, params![username.as_str(), keep])?;
            let event = NewEvent::of_administrator(&actor, username.as_str(), EventKind::PasswordChanged, now);
            events::insert(transaction, &event)?;
            Ok(true)
        })
        .await
    }

    pub(crate) async fn set_role(
        &self,
        username: &Username,
        role: Role,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        self.change_administrator(username, Some(role), even_last, actor, now).await
    }

    pub(crate) async fn remove_administrator(
        &self,
        username: &Username,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        self.change_administrator(username, None, even_last, actor, now).await
    }

    /// Gives an administrator another role, or removes them.
    async fn change_administrator(
        &self,
        username: &Username,
        to: Option<Role>,
        even_last: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<AdminOutcome, StoreError> {
        let username = username.clone();
        self.write_urgent(move |transaction| {
            let name = username.as_str();
            let Some(old) = role_of(transaction, name)? else { return Ok(AdminOutcome::Unknown) };
            if to == Some(old) {
                return Ok(AdminOutcome::Done);
            }
            let outcome = leaves_enough(old, to, &others(transaction, name)?);
            if outcome != AdminOutcome::Done && !even_last {
                return Ok(outcome);
            }
            let kind = if let Some(to) = to {
                let sql = "UPDATE administrators SET role = ?2 WHERE username = ?1";
                transaction.execute(sql, [name, to.as_str()])?;
                EventKind::RoleChanged
            } else {
                transaction.execute("DELETE FROM administrators WHERE username = ?1", [name])?;
                EventKind::AdminRemoved
            };
            let event = NewEvent::of_administrator(&actor, name, kind, now);
            events::insert(transaction, &event.with_role(Some(old), to))?;
            Ok(AdminOutcome::Done)
        })
        .await
    }

    pub(crate) async fn account(&self, username: &str, network: &str) -> Result<AdminAccount, StoreError> {
        let (username, network) = (username.to_owned(), network.to_owned());
        self.read(move |connection| {
            let sql = "SELECT (SELECT password FROM administrators WHERE username = ?1),
                              EXISTS (SELECT 1 FROM familiar WHERE username = ?1 AND network = ?2)";
            let mut statement = connection.prepare_cached(sql)?;
            let account = statement.query_row([username, network], |row| {
                Ok(AdminAccount { password: row.get(0)?, is_known_network: row.get(1)? })
            });
            Ok(account?)
        })
        .await
    }
}

/// A role as it is stored.
pub(crate) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    let word: String = row.get(column)?;
    Role::parse(&word).ok_or(rusqlite::Error::InvalidColumnType(column, word, rusqlite::types::Type::Text))
}

fn role_of(transaction: &Transaction<'_>, username: &str) -> Result<Option<Role>, StoreError> {
    let sql = "SELECT role FROM administrators WHERE username = ?1";
    Ok(transaction.query_row(sql, [username], |row| role(row, 0)).optional()?)
}

/// The roles of all administrators but one.
fn others(connection: &Connection, username: &str) -> Result<Vec<Role>, StoreError> {
    let mut statement = connection.prepare("SELECT role FROM administrators WHERE username <> ?1")?;
    let roles = statement.query_map([username], |row| role(row, 0))?;
    Ok(roles.collect::<Result<_, _>>()?)
}
