//! Much to do: what must be quick never waits for what may take long.

use latchkey::server::Role;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::served::{Served, data};
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
