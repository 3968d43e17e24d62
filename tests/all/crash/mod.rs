//! What was acknowledged survives SIGKILL: keys that were confirmed are there and work, the database is whole, and
//! a create that was cut off can be repeated and gives exactly one key.

mod process;

use std::path::Path;

use process::{Created, Process};
use rusqlite::Connection;
use tokio::sync::mpsc;

const ROUNDS: usize = 30;
const CREATORS: usize = 4;

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    if process::has_served().await {
        return; // this is the process that was killed
    }
    let folder = tempfile::tempdir().unwrap();
    let mut known: Vec<Created> = Vec::new();
    let (mut acknowledged, mut cut_off, mut had_happened) = (0, 0, 0);
    for round in 0..ROUNDS {
        let process = Process::start(folder.path()).await;
        let (created, cut) = create_until_killed(process, round).await;
        assert!(!created.is_empty());
        whole(folder.path());

        let process = Process::start(folder.path()).await;
        for key in &created {
            assert!(process.exchanges(key).await, "round {round}: {} is lost", key.name);
        }
        for name in &cut {
            let key = process.create(name).await.unwrap();
            had_happened += usize::from(key.secret.is_none());
            let again = process.create(name).await.unwrap();
            assert_eq!((&again.id, again.secret.is_none()), (&key.id, true), "round {round}: {name}");
            known.push(key);
        }
        for name in created.iter().map(|key| &key.name).chain(&cut) {
            assert_eq!(process.total(name).await, 1, "round {round}: {name}");
        }
        acknowledged += created.len();
        cut_off += cut.len();
        known.extend(created);
        process.kill().await;
    }
    let process = Process::start(folder.path()).await;
    assert_eq!(process.total("").await, known.len());
    for key in known.iter().filter(|key| key.secret.is_some()) {
        assert!(process.exchanges(key).await, "{}", key.name);
    }
    process.kill().await;
    whole(folder.path());
    assert_eq!(known.len(), acknowledged + cut_off);
    assert!(cut_off >= ROUNDS, "of {cut_off} creates that were cut off, {had_happened} had happened");
}

#[tokio::test]
async fn a_process_killed_while_it_starts_leaves_a_folder_to_start_on() {
    for name in ["keys.db", "keys.db-wal", "keys.db-shm", "master.key", "api.lock", "api.sock"] {
        for _ in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let mut child = process::spawn(folder.path());
            while !folder.path().join(name).exists() {
                tokio::task::yield_now().await;
            }
            child.kill().await.unwrap();
            let process = Process::start(folder.path()).await;
            assert!(process.create("after").await.unwrap().secret.is_some(), "killed at {name}");
            process.kill().await;
            whole(folder.path());
        }
    }
}

/// Creates keys from several sides, and kills the process while they do. Gives what was acknowledged, and the
/// names of what was asked for and not.
async fn create_until_killed(process: Process, round: usize) -> (Vec<Created>, Vec<String>) {
    let (done, mut news) = mpsc::unbounded_channel();
    let creators: Vec<_> = (0..CREATORS)
        .map(|creator| {
            let (client, done) = (process.client.clone(), done.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let name = format!("round-{round}-creator-{creator}-{n}.");
                    match client.create(&name).await {
                        Some(key) => done.send(key).unwrap(),
                        None => return name,
                    }
                }
                unreachable!("the process is killed before")
            })
        })
        .collect();
    drop(done);
    let mut created = Vec::new();
    while created.len() < 1 + round % 5 {
        created.push(news.recv().await.unwrap());
    }
    for _ in 0..round * 3 {
        tokio::task::yield_now().await; // a different moment each round
    }
    process.kill().await;
    let mut cut = Vec::new();
    for creator in creators {
        cut.push(creator.await.unwrap());
    }
    while let Some(key) = news.recv().await {
        created.push(key);
    }
    (created, cut)
}

/// The database, its search index and its counts are in order.
fn whole(folder: &Path) {
    let database = Connection::open(folder.join("keys.db")).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    assert_eq!(ask("SELECT count(*) || '' FROM pragma_foreign_key_check"), "0");
    database.execute("INSERT INTO grams (grams, rank) VALUES ('integrity-check', 0)", []).unwrap();
    let keys = ask("SELECT count(*) || '' FROM keys");
    for (what, sql) in [
        ("counts", "SELECT sum(n) || '' FROM counts"),
        ("secrets", "SELECT count(*) || '' FROM sealed"),
        ("search texts", "SELECT count(*) || '' FROM grams"),
        ("events", "SELECT count(*) || '' FROM events WHERE kind = 'created'"),
        ("answers", "SELECT count(*) || '' FROM creates"),
    ] {
        assert_eq!(ask(sql), keys, "{what}");
    }
}
