//! The store on PostgreSQL, for any number of servers.

mod administrators;
mod args;
pub(crate) mod copy;
mod error;
mod events;
mod handovers;
mod keys;
mod master_keys;
mod migrate;
mod network;
mod servers;
mod sessions;
mod store;
mod tries;
mod webhook;

pub use network::address::{AddressError, DatabaseAddress, DatabaseFiles};
pub use servers::lease::LeaseSetup;
pub(crate) use store::PostgresStore;

#[cfg(test)]
mod tests;
