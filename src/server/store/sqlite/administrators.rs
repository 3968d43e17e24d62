//! Administrators.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::row::time;
use super::store::SqliteStore;
use crate::domain::Role;
use crate::server::auth::username::Username;
use crate::server::store::administrators::{AdminAccount, Administrator, Removal};
use crate::server::store::error::StoreError;

impl SqliteStore {
    pub(crate) async fn add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (username, password) = (username.clone(), password.to_owned());
        self.write(move |transaction| {
            let sql = "INSERT INTO administrators VALUES (?1, ?2, ?3, ?4, NULL) ON CONFLICT DO NOTHING";
            let values = params![username.as_str(), role.as_str(), password, now.timestamp_millis()];
            Ok(transaction.execute(sql, values)? > 0)
        })
        .await
    }

    pub(crate) async fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
        self.read(|connection| {
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

    pub(crate) async fn set_password(&self, username: &Username, password: &str) -> Result<bool, StoreError> {
        let (username, password) = (username.clone(), password.to_owned());
        self.write(move |transaction| {
            let sql = "UPDATE administrators SET password = ?2 WHERE username = ?1";
            let found = transaction.execute(sql, [username.as_str(), &password])? > 0;
            transaction.execute("DELETE FROM sessions WHERE username = ?1", [username.as_str()])?;
            Ok(found)
        })
        .await
    }

    pub(crate) async fn remove_administrator(
        &self,
        username: &Username,
        even_last: bool,
    ) -> Result<Removal, StoreError> {
        let username = username.clone();
        self.write(move |transaction| {
            if !even_last && is_last(transaction, &username)? {
                return Ok(Removal::Last);
            }
            let sql = "DELETE FROM administrators WHERE username = ?1";
            let gone = transaction.execute(sql, [username.as_str()])? > 0;
            Ok(if gone { Removal::Done } else { Removal::Unknown })
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

fn is_last(transaction: &Transaction<'_>, username: &Username) -> Result<bool, StoreError> {
    let sql = "SELECT role <> 'auditor' AND NOT EXISTS
                   (SELECT 1 FROM administrators WHERE role <> 'auditor' AND username <> ?1)
               FROM administrators WHERE username = ?1";
    Ok(transaction.query_row(sql, [username.as_str()], |row| row.get(0)).optional()?.unwrap_or(false))
}
