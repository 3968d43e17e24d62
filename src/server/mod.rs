//! The HTTP server: every call of the HTTP contract, over a store of keys.
//!
//! ```text
//! http       router, routes and one file per group of calls; sessions, fields, cursors, errors
//! auth       passwords, sessions, access tokens, the master key
//! net        listeners, TLS, limits, the throttle of sign-ins
//! store      keys, history, administrators and sessions in a database (SQLite)
//!
//! metrics         what Prometheus reads
//! data_folder     opens the store and the master key
//! backup          both of them in one file, and back
//! copy            from a data folder to a database of many servers, and back
//! digests         makes what finds the key of a secret, where it is missing
//! webhook         sends reminders and alarms to a URL
//! usage_recorder  stores uses of keys in the background
//! embedded        for one user: on a Unix socket, inside the program
//! team            for many: several listeners, TLS, limits, an access log
//! ```

pub mod auth;
pub mod backup;
pub mod copy;
mod data_folder;
mod digests;
pub mod embedded;
pub mod http;
mod metrics;
pub mod net;
pub mod rotation;
mod serve;
mod state;
mod store;
pub mod team;
mod usage_recorder;
pub mod webhook;

/// What the tool that fills a database with made-up keys uses of the inside.
#[doc(hidden)]
pub mod test_support {
    pub use super::store::document;
    pub use crate::domain::fold;
}

pub use crate::domain::Role;
pub use auth::sessions::Sessions;
pub use data_folder::{DataError, DataFolder, DatabaseContent, StoreAccess};
pub use http::request::client_addr::ClientAddr;
pub use http::router::router;
pub use serve::serve;
pub use state::AppState;
pub use store::{
    Actor, AddressError, AdminOutcome, Administrator, Comparison, CopiedRows, DatabaseAddress, DatabaseFiles,
    HeldMasterKeys, LeaseSetup, Manifest, PasswordChange, Store, StoreError, blocking_threads,
};
pub use usage_recorder::KEEP_EVENTS;
