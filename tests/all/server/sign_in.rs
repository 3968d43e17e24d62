//! Administrators sign in, and their sessions end.

use chrono::{DateTime, TimeDelta, Utc};
use latchkey::server::auth::username::Username;
use latchkey::server::{AdminOutcome, PasswordChange, Role};
use reqwest::Method;
use serde_json::json;

use crate::support::files;
use crate::support::server::{Answer, PASSWORD, Server, open, root, send, text, unique};
use crate::support::wait::PATIENCE;

async fn list(server: &Server, session: &str) -> u16 {
    send(server.call_as(session, Method::GET, "/keys")).await.status
}

fn sessions(server: &Server) -> i64 {
    server.database().query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn who_signs_in_is_who_did_it_and_signs_out() {
    let server = Server::start().await;
    server.add("Jo", Role::Administrator);
    let before = Utc::now();
    let answer = server.sign_in("JO", PASSWORD).await;
    assert_eq!((answer.status, &answer.body["username"]), (200, &json!("jo")));
    assert_eq!(answer.body["role"], "administrator");
    let end = DateTime::parse_from_rfc3339(answer.body["expires_at"].as_str().unwrap()).unwrap().to_utc();
    assert!((end - before - TimeDelta::hours(8)).abs() < TimeDelta::minutes(1), "{end}");
    let session = text(&answer.body["session_token"]);
    assert_eq!(session.len(), 43, "256 bits");

    let create = server.call_as(&session, Method::POST, "/keys").header("Idempotency-Key", unique());
    let created = send(create.json(&json!({}))).await;
    assert_eq!((created.status, &created.body["key"]["created_by"]), (201, &json!("jo")));
    let id = text(&created.body["key"]["id"]);
    let history = send(server.call_as(&session, Method::GET, &format!("/keys/{id}/events"))).await;
    assert_eq!((&history.body["events"][0]["by"], &history.body["events"][0]["from"]), (&json!("jo"), &json!("local")));

    let other = server.session("jo").await;
    assert_ne!(session, other);
    assert_eq!(send(server.call_as(&session, Method::DELETE, "/auth/session")).await.status, 204);
    assert_eq!((list(&server, &session).await, list(&server, &other).await), (401, 200));
    assert_eq!(send(server.call_as(&session, Method::DELETE, "/auth/session")).await.status, 401);
    assert_eq!(send(server.call(Method::DELETE, "/auth/session")).await.status, 403);
    assert_eq!(server.get("/keys").await.status, 200, "the server's own session goes on");
}

#[tokio::test]
async fn what_is_wrong_is_not_said() {
    let server = Server::start().await;
    server.add("jo", Role::Administrator);
    let uniform = json!({
        "success": false, "message": "Sign-in failed: username or password is wrong", "code": 1000, "status": 401,
    });
    let alike = |answer: Answer| {
        assert_eq!((answer.status, &answer.body), (401, &uniform));
        let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        (names, answer.headers["content-length"].clone())
    };
    let mut answers = Vec::new();
    for (username, password) in [
        ("jo", "wrong password"),
        ("nobody", PASSWORD),
        ("jo\u{0}", PASSWORD),
        ("", ""),
        ("jo", ""),
        ("' OR 1=1 --", PASSWORD),
        ("jo", &"x".repeat(5000)),
    ] {
        answers.push(alike(server.sign_in(username, password).await));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(sessions(&server), 0);
}

#[tokio::test]
async fn an_auditor_looks_and_a_role_counts_as_it_is_now() {
    let server = Server::start().await;
    server.add("au", Role::Auditor);
    server.add("su", Role::Superuser);
    let create = |session: &str| {
        let call = server.call_as(session, Method::POST, "/keys").header("Idempotency-Key", unique());
        send(call.json(&json!({})))
    };
    let (auditor, superuser) = (server.session("au").await, server.session("su").await);
    assert_eq!((list(&server, &auditor).await, create(&auditor).await.status), (200, 403));
    assert_eq!(create(&superuser).await.status, 201);
    server.database().execute("UPDATE administrators SET role = 'auditor' WHERE username = 'su'", []).unwrap();
    assert_eq!((list(&server, &superuser).await, create(&superuser).await.status), (200, 403));
}

#[tokio::test]
async fn sessions_end_after_8_hours_and_after_1_hour_without_a_call() {
    let server = Server::start().await;
    server.add("jo", Role::Administrator);
    let session = server.session("jo").await;
    let set = |what: &str, ago: i64| {
        let at = Utc::now().timestamp_millis() - ago * 1000;
        server.database().execute(&format!("UPDATE sessions SET {what} = ?1"), [at]).unwrap();
    };
    let seen =
        || -> i64 { server.database().query_row("SELECT last_seen_at FROM sessions", [], |r| r.get(0)).unwrap() };
    set("last_seen_at", 3590);
    assert_eq!(list(&server, &session).await, 200);
    let is_noted = || Utc::now().timestamp_millis() - seen() < 60_000;
    let noted = async {
        while !is_noted() {
            tokio::task::yield_now().await; // it is written in the background
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.expect("the call is noted");
    let first = seen();
    list(&server, &session).await;
    assert_eq!(seen(), first, "and the next one within a minute was not");
    set("created_at", 8 * 3600 - 10);
    assert_eq!(list(&server, &session).await, 200);
    set("created_at", 8 * 3600);
    assert_eq!(list(&server, &session).await, 401);
    set("created_at", 4000);
    assert_eq!(list(&server, &session).await, 200);
    set("last_seen_at", 3600);
    assert_eq!(list(&server, &session).await, 401);
    server.session("jo").await;
    assert_eq!(sessions(&server), 1, "the expired one is swept away");
}

#[tokio::test]
async fn a_removed_administrator_is_out_at_once_and_so_is_an_old_password() {
    let server = Server::start().await;
    for name in ["jo", "mo"] {
        server.add(name, Role::Administrator);
    }
    // As another process does it.
    let elsewhere = open(server.folder.path()).unwrap().store;
    let name = |name: &str| Username::parse(name).unwrap();
    let sessions = [server.session("jo").await, server.session("jo").await, server.session("mo").await];
    assert_eq!(
        elsewhere.remove_administrator(&name("jo"), false, root(), Utc::now()).await.unwrap(),
        AdminOutcome::Done
    );
    let mut statuses = Vec::new();
    for session in &sessions {
        statuses.push(list(&server, session).await);
    }
    assert_eq!(statuses, [401, 401, 200]);
    assert_eq!(server.sign_in("jo", PASSWORD).await.status, 401);
    server.add("jo", Role::Administrator);
    assert_eq!(list(&server, &sessions[0]).await, 401, "a namesake does not bring it back");

    let hash = latchkey::server::auth::passwords::hash(&"another good password".into()).unwrap();
    let change = PasswordChange { username: name("mo"), password: hash, old: None, keep: None };
    assert!(elsewhere.set_password(change, root(), Utc::now()).await.unwrap());
    assert_eq!(list(&server, &sessions[2]).await, 401);
    assert_eq!(server.sign_in("mo", PASSWORD).await.status, 401);
    assert_eq!(server.sign_in("mo", "another good password").await.status, 200);
    assert_eq!(
        elsewhere.remove_administrator(&name("nobody"), false, root(), Utc::now()).await.unwrap(),
        AdminOutcome::Unknown
    );
}

#[tokio::test]
async fn a_session_is_good_at_every_server_on_the_data_and_is_not_in_it() {
    let server = Server::start().await;
    server.add("jo", Role::Administrator);
    let session = server.session("jo").await;
    let twin = server.twin().await;
    assert_eq!(list(&twin, &session).await, 200);
    assert_eq!(send(twin.call_as(&session, Method::DELETE, "/auth/session")).await.status, 204);
    assert_eq!(list(&server, &session).await, 401);
    let again = server.session("jo").await;
    for secret in [&session, &again, PASSWORD] {
        files::lack(server.folder.path(), secret);
    }
}

#[tokio::test]
async fn too_many_tries_wait_and_where_one_signed_in_before_a_stranger_changes_nothing() {
    let server = Server::start().await;
    server.add("jo", Role::Administrator);
    for name in ["jo", "nobody"] {
        server.database().execute("DELETE FROM familiar", []).unwrap();
        let server = server.twin().await;
        let mut tries = 0;
        let refused = loop {
            let answer = server.sign_in(name, "wrong password").await;
            if answer.status == 429 {
                break answer;
            }
            tries += 1;
        };
        assert!((10..=20).contains(&tries), "{tries} tries for {name}");
        assert!((1..=6).contains(&refused.headers["retry-after"].to_str().unwrap().parse().unwrap()));
        assert_eq!(refused.body["message"], "Too many sign-ins: wait a little and try again");
        assert_eq!(server.sign_in("jo", PASSWORD).await.status, 429, "not even with the right one");
        // Had jo signed in from there before, no one's tries would count against jo.
        server.database().execute("INSERT INTO familiar VALUES ('jo', 'local', ?1)", [i64::MAX]).unwrap();
        assert_eq!(server.sign_in("jo", PASSWORD).await.status, 200);
    }
}
