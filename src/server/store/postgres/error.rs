//! PostgreSQL's errors.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

use crate::server::store::error::StoreError;

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            return Self::Unreachable(why);
        };
        match *code {
            SqlState::DISK_FULL => Self::Full,
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::GivenUp,
            SqlState::LOCK_NOT_AVAILABLE => Self::Busy,
            SqlState::QUERY_CANCELED => Self::Cancelled,
            // A standby, or a server that became one.
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            | SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            | SqlState::INVALID_CATALOG_NAME => Self::Unreachable(message(&error)),
            _ => Self::Engine(message(&error).into()),
        }
    }
}

/// The server's words, without the values that it may quote in its details.
fn message(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
