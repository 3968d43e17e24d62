//! The store on SQLite: one file, a writer and a few readers, each call a job on a blocking thread.

mod administrators;
mod connection;
mod error;
mod events;
pub(crate) mod file;
mod handovers;
mod keys;
mod master_keys;
mod revocations;
mod sessions;
mod store;
mod webhook;

pub use connection::lanes::blocking_threads;
pub use keys::row::document;
pub(crate) use store::SqliteStore;

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::server::store::Store;
    use crate::server::store::contract::{Database, contract};

    struct InFolder(TempDir);

    impl Database for InFolder {
        async fn create() -> Self {
            Self(TempDir::new().unwrap())
        }

        async fn open(&self) -> Store {
            Store::open_sqlite(self.0.path().join("keys.db")).await.unwrap()
        }

        async fn age_signing_keys(&self, hours: i64) {
            let connection = rusqlite::Connection::open(self.0.path().join("keys.db")).unwrap();
            connection.execute("UPDATE signing_keys SET at = at - ?1 * 3600000", [hours]).unwrap();
        }

        async fn forget_digests(&self) {
            let connection = rusqlite::Connection::open(self.0.path().join("keys.db")).unwrap();
            connection.execute("UPDATE digests SET digest = NULL", []).unwrap();
        }
    }

    contract!(InFolder);
}
