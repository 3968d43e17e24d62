//! The suite of all engines, on a real server that the tests start.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::PostgresStore;
use super::migrate::known;
use crate::server::store::contract::revocations::{issue, revoked};
use crate::server::store::contract::{Database, at, contract, create, id, in_force, insert};
use crate::server::store::keys::Use;
use crate::server::store::postgres::network::connection::DatabaseLink;
use crate::server::store::postgres::{DatabaseAddress, DatabaseFiles, LeaseSetup};
use crate::server::store::{CreateOutcome, HeldMasterKeys, KeyInsert, Recorded, Store, StoreError, TryLimit};

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
        assert_eq!(Store::migrate_postgres(address.clone(), None).await.unwrap(), known() as usize);
        assert_eq!(Store::migrate_postgres(address.clone(), None).await.unwrap(), 0);
        Self(address)
    }

    async fn open(&self) -> Store {
        let held = HeldMasterKeys::default();
        held.add("new");
        let lease = LeaseSetup { length: Duration::from_secs(5), name: "test".to_owned(), master_keys: held };
        // A machine that is busy with all the tests may take longer than a server waits.
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            match Store::open_postgres(self.0.clone(), lease.clone()).await {
                Err(StoreError::Unreachable(_)) if Instant::now() < patience => {}
                opened => return opened.unwrap(),
            }
        }
    }

    async fn age_signing_keys(&self, hours: i64) {
        let link = self.0.connect().await.unwrap();
        link.client
            .batch_execute(&format!("UPDATE signing_keys SET at = at - interval '{hours} hours'"))
            .await
            .unwrap();
    }

    async fn forget_digests(&self) {
        let link = self.0.connect().await.unwrap();
        link.client.batch_execute("UPDATE digests SET digest = NULL").await.unwrap();
    }
}

contract!(OnServer);

impl OnServer {
    /// A connection of another program.
    async fn by_hand(&self) -> DatabaseLink {
        self.0.connect().await.unwrap()
    }
}

/// Waits until a number is not 0.
async fn until(link: &DatabaseLink, sql: &str) {
    while link.client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
}

#[tokio::test]
async fn what_is_done_by_hand_revokes_whatever_the_session_looks_for() {
    let database = OnServer::create().await;
    let (store, link) = (database.open().await, database.by_hand().await);
    let hide =
        "SET search_path = ''; CREATE TEMP TABLE epoch (n bigint, mark bigint); CREATE TEMP TABLE counts (n bigint)";
    link.client.batch_execute(hide).await.unwrap();
    let (deleted, off, kept) =
        (create(&store, insert("1"), at(0)).await, create(&store, insert("2"), at(0)).await, insert("3"));
    let kept = create(&store, kept, at(0)).await;
    let mut tokens = Vec::new();
    for key in [&deleted, &off, &kept] {
        tokens.push((id(key), issue(&store, id(key), at(1)).await));
    }
    let delete = format!("DELETE FROM public.keys WHERE id = '{}'", id(&deleted));
    link.client.batch_execute(&delete).await.unwrap();
    let off = format!("UPDATE public.keys SET switched_off = true WHERE id = '{}'", id(&off));
    link.client.batch_execute(&off).await.unwrap();
    in_force(&store).await;
    let dead =
        |store: &Store| tokens.iter().map(|(id, token)| revoked(&[store], id, *token, at(2))).collect::<Vec<_>>();
    assert_eq!(dead(&store), [true, true, false]);
    link.client.batch_execute("TRUNCATE public.keys CASCADE").await.unwrap();
    in_force(&store).await;
    assert_eq!(dead(&store), [true, true, true]);
    let left = link.client.query_one("SELECT sum(n)::bigint FROM public.counts", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
    let after = create(&store, insert("4"), at(3)).await;
    let token = issue(&store, id(&after), at(3)).await;
    assert!(!revoked(&[&store], id(&after), token, at(3)));
}

/// Two servers that each hold what the other one wants are found out by the database after a second only.
#[tokio::test]
async fn uses_are_recorded_in_one_order() {
    let database = OnServer::create().await;
    let (store, link) = (database.open().await, database.by_hand().await);
    let (first, second) = (create(&store, insert("1"), at(0)).await, create(&store, insert("2"), at(0)).await);
    let lock = |key| format!("SELECT * FROM uses JOIN keys USING (seq) WHERE id = '{}' FOR UPDATE OF uses", id(key));
    for order in [[&first, &second], [&second, &first]] {
        link.client.batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = 500; {}", lock(&first))).await.unwrap();
        let uses = order.map(|key| (id(key).to_owned(), Use { at: at(9), from: "x".to_owned() }));
        let recording = {
            let store = store.clone();
            tokio::spawn(async move { store.record(Recorded { uses: uses.to_vec(), ..Recorded::default() }).await })
        };
        until(
            &link,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await;
        link.client.batch_execute(&format!("{}; COMMIT", lock(&second))).await.unwrap();
        recording.await.unwrap().unwrap();
    }
}

/// While all connections are in use a call waits for one once, not as often as a transaction is tried.
#[tokio::test]
async fn a_call_that_gets_no_connection_is_not_repeated() {
    let database = OnServer::create().await;
    let store = PostgresStore::open(database.0.clone(), None).await.unwrap();
    let held = store.lend().await.unwrap();
    let began = Instant::now();
    let outcome = store.create(insert("one"), at(0)).await;
    assert!(matches!(outcome, Err(StoreError::Crowded)), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(held);
}

#[tokio::test]
async fn a_commit_that_waits_for_a_standby_is_not_cancelled() {
    let server = PostgresServer::start();
    let address = DatabaseAddress::new(&server.address("postgres"), &DatabaseFiles::default()).unwrap();
    Store::migrate_postgres(address.clone(), None).await.unwrap();
    let (store, other) =
        (Store::open_for_work(address.clone()).await.unwrap(), Store::open_for_work(address.clone()).await.unwrap());
    let link = address.connect().await.unwrap();
    let standby = async |sql: &str| {
        link.client.batch_execute(sql).await.unwrap();
        link.client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    };
    standby("ALTER SYSTEM SET synchronous_standby_names = 'away'").await;
    let reloaded = "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'away'";
    until(&link, reloaded).await;
    let new = insert("one");
    let first = {
        let (store, new) = (store.clone(), new.clone());
        tokio::spawn(async move { store.create(new, at(0)).await })
    };
    until(&link, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let again = KeyInsert { id: insert("").id, ..new.clone() };
    let repeated = other.create(again.clone(), at(1)).await;
    assert!(matches!(repeated, Err(StoreError::Busy)), "a fail-over could still lose it: {repeated:?}");
    assert_eq!(other.key(new.id.raw_for_api(), at(1)).await.unwrap(), None);
    standby("ALTER SYSTEM RESET synchronous_standby_names").await;
    let repeated = other.create(again, at(1)).await.unwrap();
    assert!(matches!(&repeated, CreateOutcome::Replayed(key, None) if key.id == new.id), "{repeated:?}");
}

#[tokio::test]
async fn tries_are_counted_by_all_together() {
    let database = OnServer::create().await;
    let stores = [database.open().await, database.open().await, database.open().await];
    let limit = TryLimit { kind: "address", every: Duration::from_secs(600), burst: 10 };
    let count = async |n: usize, of: &'static str| stores[n % 3].count_try(limit, of.as_bytes()).await.unwrap();
    for n in 0..10 {
        assert!(count(n, "192.0.2.1").await.is_ok(), "{n}");
    }
    for n in 0..3 {
        let wait = count(n, "192.0.2.1").await.unwrap_err();
        assert!((590..=600).contains(&wait.as_secs()), "{wait:?}");
    }
    assert!(stores[0].count_try(TryLimit { kind: "pair", ..limit }, b"192.0.2.1").await.unwrap().is_ok());
    let link = database.by_hand().await;
    link.client.batch_execute("UPDATE tries SET until = until - 1200").await.unwrap();
    assert!(count(0, "192.0.2.1").await.is_ok() && count(1, "192.0.2.1").await.is_ok());
    assert!(count(2, "192.0.2.1").await.is_err());
    // As after a clock was set back by a year.
    link.client.batch_execute("UPDATE tries SET until = until + 31536000").await.unwrap();
    let wait = count(0, "192.0.2.1").await.unwrap_err();
    assert!(wait.as_secs() <= 600, "{wait:?}");
}

/// As builds between two steps left it.
#[tokio::test]
async fn a_step_whose_tables_are_there_is_taken() {
    let OnServer(address) = OnServer::create().await;
    let database = address.clone().connect().await.unwrap();
    let usage = include_str!("../../../../assets/migrations/postgres/0002_usage.sql");
    database.client.batch_execute(usage).await.unwrap();
}

#[tokio::test]
async fn who_runs_servers_may_use_the_tables_of_new_steps() {
    let OnServer(first) = OnServer::create().await;
    let database = first.connect().await.unwrap();
    let tables = include_str!("../../../../assets/migrations/postgres/0001_store.sql");
    let (name, role) = ("from_before", "runs_servers");
    database.client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    database.client.batch_execute(&format!("CREATE ROLE {role}; CREATE ROLE another")).await.unwrap();
    let address = address(name);
    let database = address.connect().await.unwrap();
    let granted =
        format!("{tables}; UPDATE meta SET version = 1; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}");
    database.client.batch_execute(&granted).await.unwrap();
    assert_ne!(Store::migrate_postgres(address, None).await.unwrap(), 0);
    for (role, may) in [(role, true), ("another", false)] {
        let sql = "SELECT has_table_privilege($1, 'digests', 'INSERT, UPDATE, DELETE')";
        let row = database.client.query_one(sql, &[&role]).await.unwrap();
        assert_eq!(row.get::<_, bool>(0), may, "{role}");
    }
}
