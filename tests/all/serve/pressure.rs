//! Much to do: what must be quick never waits for what may take long.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::not_tested::not_tested;
use crate::support::program::{binary, environment};
use crate::support::served::{SERVE, Served, data};
use crate::support::server::{add_administrator, send, text, unique};

#[tokio::test]
async fn reads_do_not_wait_for_writes_that_wait() {
    let server = Served::start(&["--threads", "2"]);
    add_administrator(&data(&server.home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    let (ended, _) = server.create(&session).await;
    let token = text(&send(server.exchange_request(&id, &secret)).await.body["access_token"]);
    let other = rusqlite::Connection::open(data(&server.home).join("keys.db")).unwrap();
    // The session was last seen long ago, so that its next call has something to write.
    other.execute("UPDATE sessions SET last_seen_at = last_seen_at - 120000", []).unwrap();
    // A key has expired since, so that the next list has too.
    other.execute("UPDATE keys SET expires_at = 1 WHERE id = ?1", [ended]).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let mut creates = JoinSet::new();
    for _ in 0..40 {
        let call = server.anyone(Method::POST, "/keys").bearer_auth(&session).header("Idempotency-Key", unique());
        creates.spawn(send(call.json(&json!({}))));
    }
    for _ in 0..5 {
        assert_eq!(send(server.exchange_request(&id, &secret)).await.status, 200);
        let verify = server.anyone(Method::GET, "/auth/verify").header("x-access-token", &token);
        assert_eq!(send(verify).await.status, 204);
        for path in ["/keys", "/keys?q=one&sort=status", &format!("/keys/{id}"), &format!("/keys/{id}/events")] {
            assert_eq!(server.get(&session, path).await.status, 200);
        }
    }
    assert!(creates.try_join_next().is_none(), "the database is still locked");
    let ready = send(server.anyone(Method::GET, "/ready")).await;
    assert_eq!((ready.status, ready.headers["retry-after"].to_str().unwrap()), (503, "1"));
    other.execute_batch("COMMIT").unwrap();
    while let Some(created) = creates.join_next().await {
        // On a slow machine some have waited too long.
        assert!([201, 503].contains(&created.unwrap().status));
    }
}

#[tokio::test]
async fn lists_are_limited_for_each_administrator() {
    let server = Served::start(&[]);
    for name in ["au", "jo"] {
        add_administrator(&data(&server.home), name, Role::Auditor);
    }
    let (greedy, other) = (server.session("au").await, server.session("jo").await);
    let list = |session: &str| server.anyone(Method::GET, "/keys?q=a&limit=1000").bearer_auth(session);
    let mut refused = None;
    while refused.is_none() {
        let mut lists = JoinSet::new();
        for _ in 0..40 {
            lists.spawn(send(list(&greedy)));
        }
        assert_eq!(send(list(&other)).await.status, 200, "another administrator isn't refused");
        while let Some(answer) = lists.join_next().await {
            let answer = answer.unwrap();
            assert!([200, 429].contains(&answer.status), "{answer:?}");
            refused = refused.or(Some(answer).filter(|answer| answer.status == 429));
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(text(&refused.body["message"]), "Too many lists at once: wait for some to end");
}

#[test]
fn it_has_as_many_threads_as_it_is_told() {
    let threads = |arguments: &[&str]| {
        let server = Served::start(arguments);
        std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count()
    };
    assert!(threads(&["--threads", "1"]) < 16);
    assert!(threads(&["--threads", "20"]) > 20);
}

/// A server whose data are on a disk of its own of 8 MiB, with an administrator jo; and the folder of its data.
fn on_a_small_disk() -> (Served, PathBuf) {
    let home = Arc::new(TempDir::new().unwrap());
    fs::create_dir(data(&home)).unwrap();
    let ready = home.path().join("ready");
    add_administrator(&ready, "jo", Role::Administrator);
    let script = "mount -t tmpfs -o size=8M,mode=0700 none \"$1\" && cp -a \"$2\"/. \"$1\" && shift 2 && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .envs(environment(home.path()))
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(data(&home))
        .arg(ready);
    command.arg(binary()).arg("--data").arg(data(&home)).args(SERVE);
    let server = Served::by(Arc::clone(&home), command, Client::builder());
    let folder = PathBuf::from(format!("/proc/{}/root{}", server.pid(), data(&home).display()));
    (server, folder)
}

#[tokio::test]
async fn on_a_full_disk_keys_can_be_revoked_and_not_created() {
    if !rustix::process::geteuid().is_root() {
        return not_tested("only root can mount a small disk");
    }
    let (server, folder) = on_a_small_disk();
    let session = server.session("jo").await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        let (id, secret) = server.create(&session).await;
        let token = text(&send(server.exchange_request(&id, &secret)).await.body["access_token"]);
        keys.push((id, token));
    }
    let verify = async |token: &str| {
        send(server.anyone(Method::GET, "/auth/verify").header("x-access-token", token)).await.status
    };
    let create = || server.anyone(Method::POST, "/keys").bearer_auth(&session).header("Idempotency-Key", unique());
    let edit = |id: &str, change: Value| {
        let call = server.anyone(Method::PATCH, &format!("/keys/{id}")).bearer_auth(&session);
        send(call.json(&change))
    };
    assert!(folder.join("keys.reserve").exists());
    let filling = fs::write(folder.join("fill"), vec![0; 16 * 1024 * 1024]).unwrap_err();
    assert_eq!(filling.kind(), std::io::ErrorKind::StorageFull);

    // Until the log of the database has no room left, which is not at once: SQLite uses it again.
    let refused = loop {
        let answer = send(create().json(&json!({ "note": "x".repeat(400) }))).await;
        if answer.status != 201 {
            break answer;
        }
    };
    let full = (503, "The server's disk is full: nothing was changed".to_owned());
    assert_eq!((refused.status, text(&refused.body["message"])), full);
    for (id, _) in &keys {
        assert_eq!(edit(id, json!({ "label": "x".repeat(100), "note": "y".repeat(400) })).await.status, 503);
    }
    let [(first, first_token), (second, second_token), (third, third_token)] = &keys[..] else { panic!("three keys") };
    assert_eq!(verify(first_token).await, 204);
    let delete = |id: &str| send(server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session));
    assert_eq!(delete(first).await.status, 204);
    assert_eq!(edit(second, json!({ "status": "inactive" })).await.status, 200);
    assert_eq!(edit(third, json!({ "expires_at": "2999-01-01T00:00:00Z" })).await.status, 200);
    assert_eq!((verify(first_token).await, verify(second_token).await, verify(third_token).await), (401, 401, 204));
    // What was set aside is for revocations alone.
    assert!(!folder.join("keys.reserve").exists());
    let refused = send(create().json(&json!({}))).await;
    assert_eq!((refused.status, text(&refused.body["message"])), full);
    assert_eq!(
        server.sign_in("jo", crate::support::server::PASSWORD).await.status,
        200,
        "who is to revoke can sign in"
    );

    fs::remove_file(folder.join("fill")).unwrap();
    assert_eq!(send(create().json(&json!({}))).await.status, 201);
    assert!(folder.join("keys.reserve").exists(), "it is set aside again");
}
