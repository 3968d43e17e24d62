//! The store on SQLite.

pub mod administrators;
pub mod cancel;
pub mod candidates;
pub mod connections;
pub mod edit;
pub mod error;
pub mod events;
pub mod list;
pub mod migrate;
pub mod row;
pub mod search;
pub mod sessions;
pub mod text;
pub mod usage;
pub mod walk;
