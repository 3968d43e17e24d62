//! The store on SQLite: one file, a writer and a few readers, each call a job on a blocking thread.

mod administrators;
pub(crate) mod backup;
mod cancel;
mod connect;
mod connections;
pub(crate) mod copy;
mod counts;
mod edit;
mod error;
mod events;
mod file_id;
mod grouped;
mod lanes;
mod list;
mod main_file;
mod master_keys;
mod migrate;
mod reserve;
mod revocations;
mod row;
mod sessions;
mod store;
mod text;
mod usage;
mod wal_index;

pub use row::document;
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
    }

    contract!(InFolder);
}
