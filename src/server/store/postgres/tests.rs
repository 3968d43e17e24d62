//! The suite of all engines, on a real server that the tests start.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::server::store::contract::{Database, contract};
use crate::server::store::postgres::{DatabaseAddress, DatabaseFiles, LeaseSetup};
use crate::server::store::{HeldMasterKeys, Store};

#[path = "../../../../tests/all/support/postgres.rs"]
#[expect(dead_code, reason = "the tests from outside need more of it")]
mod process;

use process::PostgresServer;

/// A database of its own on the one server of this process.
struct OnServer(DatabaseAddress);

fn server() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(PostgresServer::start)
}

fn address(database: &str) -> DatabaseAddress {
    DatabaseAddress::new(&server().address(database), &DatabaseFiles::default()).unwrap()
}

impl Database for OnServer {
    async fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let postgres = address("postgres").connect().await.unwrap();
        postgres.client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let address = address(&name);
        assert_eq!(Store::migrate_postgres(address.clone(), None).await.unwrap(), 1);
        assert_eq!(Store::migrate_postgres(address.clone(), None).await.unwrap(), 0);
        Self(address)
    }

    async fn open(&self) -> Store {
        let held = HeldMasterKeys::default();
        held.add("new");
        let lease = LeaseSetup { length: Duration::from_secs(5), name: "test".to_owned(), master_keys: held };
        Store::open_postgres(self.0.clone(), lease).await.unwrap()
    }

    async fn age_signing_keys(&self, hours: i64) {
        let link = self.0.connect().await.unwrap();
        link.client
            .batch_execute(&format!("UPDATE signing_keys SET at = at - interval '{hours} hours'"))
            .await
            .unwrap();
    }
}

contract!(OnServer);
