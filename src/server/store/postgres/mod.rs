//! The store on PostgreSQL, for any number of servers.
//!
//! ```text
//! address      where the database is, TLS, the password
//! connection   a few connections, each lent to one call
//! lease        what was revoked, and how long a server may rely on knowing it
//! peers        which servers may still verify
//! migrate      tables and their versions
//! ```

mod address;
mod administrators;
mod args;
mod columns;
mod connection;
pub(crate) mod copy;
mod counts;
mod edit;
mod error;
mod events;
mod grams;
mod lease;
mod list;
mod master_keys;
mod migrate;
mod peers;
mod row;
mod sessions;
mod store;
mod tls;
mod tries;
mod usage;

pub use address::{AddressError, DatabaseAddress, DatabaseFiles};
pub use lease::LeaseSetup;
pub(crate) use store::PostgresStore;

#[cfg(test)]
mod tests;
