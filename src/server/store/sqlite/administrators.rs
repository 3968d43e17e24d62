//! Who may sign in, and as what.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::row::time;
use crate::server::auth::username::Username;
use crate::server::http::session::Role;
use crate::server::store::{Cancel, Store, StoreError};

/// An administrator, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// In lower case.
    pub username: String,
    /// What they may do.
    pub role: Role,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// Their last sign-in, if any.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// What came of removing an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Gone, and every session with them.
    Done,
    /// Nobody has this name.
    Unknown,
    /// Not done: nobody would be left who may manage keys.
    Last,
}

/// What decides about a sign-in.
pub(crate) struct AdminAccount {
    /// The hash of the password, when somebody has the name.
    pub(crate) password: Option<String>,
    /// Whether they signed in from there before.
    pub(crate) is_known_network: bool,
}

impl Store {
    /// Adds an administrator; false when the name is taken.
    pub fn add_administrator(
        &self,
        username: &Username,
        role: Role,
        password: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "INSERT INTO administrators VALUES (?1, ?2, ?3, ?4, NULL) ON CONFLICT DO NOTHING";
            let values = params![username.as_str(), role.as_str(), password, now.timestamp_millis()];
            Ok(transaction.execute(sql, values)? > 0)
        })
    }

    /// All administrators, by name.
    pub fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
        self.read(&Cancel::default(), |connection| {
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
    }

    /// Sets a password and ends all sessions; false when nobody has the name.
    pub fn set_password(&self, username: &Username, password: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE administrators SET password = ?2 WHERE username = ?1";
            let found = transaction.execute(sql, [username.as_str(), password])? > 0;
            transaction.execute("DELETE FROM sessions WHERE username = ?1", [username.as_str()])?;
            Ok(found)
        })
    }

    /// Removes an administrator and ends all their sessions, the last who may manage keys only if `even_last`.
    pub fn remove_administrator(&self, username: &Username, even_last: bool) -> Result<Removal, StoreError> {
        self.write(|transaction| {
            if !even_last && is_last(transaction, username)? {
                return Ok(Removal::Last);
            }
            let sql = "DELETE FROM administrators WHERE username = ?1";
            let gone = transaction.execute(sql, [username.as_str()])? > 0;
            Ok(if gone { Removal::Done } else { Removal::Unknown })
        })
    }

    /// What decides about a sign-in with this name from there. Takes as long for a name that nobody has.
    pub(crate) fn account(&self, username: &str, network: &str) -> Result<AdminAccount, StoreError> {
        self.read(&Cancel::default(), |connection| {
            let sql = "SELECT (SELECT password FROM administrators WHERE username = ?1),
                              EXISTS (SELECT 1 FROM familiar WHERE username = ?1 AND network = ?2)";
            let mut statement = connection.prepare_cached(sql)?;
            let account = statement.query_row([username, network], |row| {
                Ok(AdminAccount { password: row.get(0)?, is_known_network: row.get(1)? })
            });
            Ok(account?)
        })
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
