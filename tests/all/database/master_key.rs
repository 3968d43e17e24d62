//! The master key is replaced while several servers work, and while the replacement is killed.

use std::cell::Cell;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::{postgres, servers, verify, with_tables};
use crate::support::files::{private_folder, write_private};
use crate::support::served::{SERVE, Served, data, latchkey, run};
use crate::support::server::{send, text};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Exchanges each key in turn on every server, verifies the tokens on all, and creates more keys, until it is told to stop.
async fn load(all: &[Served], session: &str, keys: &mut Vec<(String, String)>, stop: &Cell<bool>) -> u32 {
    let mut rounds = 0;
    while !stop.get() {
        let (id, secret) = keys[rounds as usize % keys.len()].clone();
        for server in all {
            let answer = send(server.exchange_request(&id, &secret)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let token = text(&answer.body["access_token"]);
            for other in all {
                assert_eq!(verify(other, &token).await, 204);
            }
        }
        keys.push(all[rounds as usize % all.len()].create(session).await);
        rounds += 1;
    }
    rounds
}

#[tokio::test]
async fn the_master_key_is_replaced_under_load_and_a_server_without_the_new_one_is_waited_for() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let all = servers([address.clone(), address.clone()], &["--lease", "1"]);
    let session = all[0].session("jo").await;
    let mut keys = vec![all[0].create(&session).await];
    // On the database that `serve` would use.
    let settings = all[0].home.path().join(".config/latchkey");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("config.toml"), format!("[serve]\ndatabase = {address:?}\n")).unwrap();
    let command = || {
        let home = Arc::clone(&all[0].home);
        tokio::task::spawn_blocking(move || run(&home, &["server", "rotate-master-key"]))
    };
    let folders = [data(&all[0].home), data(&all[1].home)];
    let old = fs::read(folders[0].join("master.key")).unwrap();

    let refused = command().await.unwrap();
    assert!(!refused.status.success() && said(&refused).contains("isn't on all servers yet"), "{refused:?}");
    assert!(said(&refused).contains("Nothing has changed"));
    write_private(&folders[1].join("master.key.new"), fs::read(folders[0].join("master.key.new")).unwrap());

    let stop = Cell::new(false);
    let rotating = async {
        let done = command().await.unwrap();
        stop.set(true);
        done
    };
    let (done, rounds) = tokio::join!(rotating, load(&all, &session, &mut keys, &stop));
    assert!(done.status.success() && said(&done).contains("Nothing needs the old one any more"), "{done:?}");
    assert!(rounds > 0);
    let new = fs::read(folders[0].join("master.key")).unwrap();
    assert!(new != old && !folders[0].join("master.key.new").exists());
    for (id, secret) in &keys {
        for server in &all {
            assert_eq!(send(server.exchange_request(id, secret)).await.status, 200);
        }
    }

    // A server with the old key alone does not start; with the new one alone it opens everything.
    let start = |key: &[u8]| {
        let home = Arc::new(TempDir::new().unwrap());
        private_folder(&data(&home));
        write_private(&data(&home).join("master.key"), key);
        home
    };
    let refused = run(&start(&old), &["serve", "--listen", "127.0.0.1:0", "--database", &address]);
    assert!(!refused.status.success() && said(&refused).contains("have another one"), "{refused:?}");
    let home = start(&new);
    let fresh = Served::on(Arc::clone(&home), &["--database", &address]);
    for (id, secret) in &keys {
        assert_eq!(send(fresh.exchange_request(id, secret)).await.status, 200);
    }
    let checked = run(&home, &["db", "check", "--database", &address]);
    assert!(checked.status.success(), "{checked:?}");
}

/// On SQLite, at a data folder that a server works on: killed again and again, and every secret works all the time.
#[tokio::test]
async fn a_replacement_that_is_killed_goes_on_and_loses_nothing() {
    let home = Arc::new(TempDir::new().unwrap());
    let password = home.path().join("password");
    write_private(&password, crate::support::server::PASSWORD);
    let added =
        run(&home, &["admin", "add", "jo", "--role", "superuser", "--password-file", password.to_str().unwrap()]);
    assert!(added.status.success(), "{added:?}");
    let all = [Served::by(Arc::clone(&home), latchkey(&home, &SERVE), reqwest::Client::builder())];
    let session = all[0].session("jo").await;
    let mut keys = Vec::new();
    for _ in 0..40 {
        keys.push(all[0].create(&session).await);
    }
    let old = fs::read(data(&home).join("master.key")).unwrap();
    for tries in 0..6 {
        let mut command = latchkey(&home, &["server", "rotate-master-key"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        if tries > 0 {
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        }
        let _ = child.kill();
        child.wait().unwrap();
        for (id, secret) in &keys {
            assert_eq!(send(all[0].exchange_request(id, secret)).await.status, 200);
        }
        keys.push(all[0].create(&session).await);
    }
    // All of them may have come to their end.
    if fs::read(data(&home).join("master.key")).unwrap() == old {
        let done = run(&home, &["server", "rotate-master-key"]);
        assert!(done.status.success(), "{done:?}");
    }
    let now = fs::read(data(&home).join("master.key")).unwrap();
    assert!(now != old);
    let (status, _) = all.into_iter().next().unwrap().stop();
    assert!(status.success());
    let fresh = Served::on(Arc::clone(&home), &[]);
    for (id, secret) in &keys {
        assert_eq!(send(fresh.exchange_request(id, secret)).await.status, 200);
    }
    let trail = run(&home, &["events", "--kind", "master_key_rotated", "--output", "json"]);
    assert!(said(&trail).contains("begun: new key"), "{trail:?}");
}

/// On SQLite, with the master key in a file that was named: only where a running server has it in the same one.
#[tokio::test]
async fn a_named_master_key_is_replaced_while_the_server_works() {
    let home = Arc::new(TempDir::new().unwrap());
    let [password, key, copy] = ["password", "m.key", "copy.key"].map(|name| home.path().join(name));
    write_private(&password, crate::support::server::PASSWORD);
    write_private(&key, [7; 64]);
    write_private(&copy, [7; 64]);
    let option = format!("--master-key-file={}", key.display());
    let added = ["admin", "add", "jo", "--role", "superuser", "--password-file", password.to_str().unwrap(), &option];
    assert!(run(&home, &added).status.success());
    let mut command = latchkey(&home, &SERVE);
    command.arg(&option);
    let served = Served::by(Arc::clone(&home), command, reqwest::Client::builder());
    let session = served.session("jo").await;
    let old = served.create(&session).await;

    let other = format!("--master-key-file={}", copy.display());
    let refused = run(&home, &["server", "rotate-master-key", &other]);
    let words = format!("with the master key in {}", key.canonicalize().unwrap().display());
    assert!(!refused.status.success() && said(&refused).contains(&words), "{refused:?}");
    assert_eq!(fs::read(&key).unwrap(), [7; 64]);

    let done = run(&home, &["server", "rotate-master-key", &option]);
    assert!(done.status.success() && said(&done).contains("(1 in this run)"), "{done:?}");
    assert_ne!(fs::read(&key).unwrap(), [7; 64]);
    let new = served.create(&session).await;
    for (id, secret) in [&old, &new] {
        assert_eq!(send(served.exchange_request(id, secret)).await.status, 200);
    }
    served.stop();
    // Nothing runs any more that has it elsewhere; this copy is of the old key.
    let refused = run(&home, &["server", "rotate-master-key", &other]);
    assert!(!refused.status.success() && said(&refused).contains("the other one is missing"), "{refused:?}");
    let done = run(&home, &["server", "rotate-master-key", &option]);
    assert!(done.status.success(), "{done:?}");
}

/// On SQLite, where the server has it in its folder.
#[tokio::test]
async fn one_process_at_a_time_replaces_a_master_key_and_only_one_that_the_server_finds() {
    let home = Arc::new(TempDir::new().unwrap());
    let password = home.path().join("password");
    write_private(&password, crate::support::server::PASSWORD);
    let added = ["admin", "add", "jo", "--role", "superuser", "--password-file", password.to_str().unwrap()];
    assert!(run(&home, &added).status.success());
    let served = Served::on(Arc::clone(&home), &[]);
    let (id, secret) = served.create(&served.session("jo").await).await;
    let own = data(&home).join("master.key");
    let named = |file: &std::path::Path| format!("--master-key-file={}", file.display());

    let locked = fs::File::open(&own).unwrap();
    locked.lock().unwrap();
    let refused = run(&home, &["server", "rotate-master-key"]);
    assert!(!refused.status.success() && said(&refused).contains("being replaced by another process"), "{refused:?}");
    drop(locked);
    let old = fs::read(&own).unwrap();
    let done = run(&home, &["server", "rotate-master-key", &named(&own)]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(send(served.exchange_request(&id, &secret)).await.status, 200);

    // As a rotation leaves it that was killed at its very end: a backup takes the key that is still beside the old one.
    let beside = data(&home).join("master.key.new");
    fs::rename(&own, &beside).unwrap();
    write_private(&own, old);
    let backup = home.path().join("a.backup");
    let backed_up = run(&home, &["backup", backup.to_str().unwrap()]);
    assert!(backed_up.status.success(), "{backed_up:?}");
    fs::rename(&beside, &own).unwrap();

    // The server would look for the next one where its own was.
    let moved = home.path().join("moved.key");
    fs::rename(&own, &moved).unwrap();
    let refused = run(&home, &["server", "rotate-master-key", &named(&moved)]);
    assert!(!refused.status.success() && said(&refused).contains(&own.display().to_string()), "{refused:?}");
    fs::rename(&moved, &own).unwrap();
    assert_eq!(send(served.exchange_request(&id, &secret)).await.status, 200);
}
