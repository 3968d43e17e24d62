//! The exchange, and what becomes of its tokens.

use reqwest::Method;
use serde_json::json;

use crate::support::server::{Answer, Server, send, text};
use crate::support::wait::Changes;

async fn token(server: &Server, id: &str, secret: &str) -> String {
    let granted = server.exchange(id, secret).await;
    assert_eq!(granted.status, 200, "{granted:?}");
    text(&granted.body["access_token"])
}

fn revoked(answer: &Answer) -> bool {
    answer.status == 401 && answer.body["code"] == 1006 && text(&answer.body["message"]).starts_with("Invalid token: ")
}

#[tokio::test]
async fn a_secret_is_exchanged_for_a_token_that_verifies() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let before = chrono::Utc::now().timestamp();
    let granted = server.exchange(&id, &secret).await;
    let after = chrono::Utc::now().timestamp();
    assert_eq!(granted.status, 200);
    assert!(text(&granted.body["access_token"]).starts_with("eyJ0eX"));
    assert_eq!(text(&granted.body["refresh_token"]).len(), 64);
    assert!((before + 3600..=after + 3600).contains(&granted.body["expiry_time"].as_i64().unwrap()));

    let access = text(&granted.body["access_token"]);
    let good = server.verify(&access).await;
    assert_eq!((good.status, good.headers["x-access-key-id"].to_str().unwrap()), (204, id.as_str()));
    let other_name = send(server.anyone(Method::GET, "/auth/verify").header("X-API-Token", &access)).await;
    assert_eq!(other_name.status, 204);
    // As proxies ask: forward_auth with the request's method, ext_authz with its path too, both with its headers.
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for (path, good) in [("/auth/verify", 204), ("/auth/verify/app/reports", 200), ("/auth/verify/", 200)] {
            let asked = server.anyone(method.clone(), path).body("a=b");
            let answer = send(asked.bearer_auth(&access)).await;
            assert_eq!((answer.status, &answer.body), (good, &serde_json::Value::Null), "{method} {path}");
            assert_eq!(answer.headers["x-access-key-id"], id.as_str());
            let refused = send(server.anyone(method.clone(), path).bearer_auth("x")).await;
            assert_eq!((refused.status, refused.headers["www-authenticate"].as_bytes()), (401, &b"Bearer"[..]));
        }
    }
}

#[tokio::test]
async fn both_kinds_of_body_and_any_case_of_header_and_hash() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let hash = latchkey::domain::hmac_token(secret.as_bytes(), "grüße & co".as_bytes()).expose().to_uppercase();
    let exchange = || server.anyone(Method::POST, "/auth/client_token").header("X-Key", &id).header("X-HASH", &hash);
    let form = exchange()
        .header("content-type", "application/x-www-form-urlencoded")
        .body("scope=docs_api&content=gr%C3%BC%C3%9Fe+%26+co");
    assert_eq!(send(form).await.status, 200);
    let body = json!({ "scope": "docs_api", "content": "grüße & co", "grant_type": "ignored" }).to_string();
    let json = exchange().header("content-type", "Application/JSON; charset=utf-8").body(body);
    assert_eq!(send(json).await.status, 200);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let server = Server::start().await;
    let call = || server.anyone(Method::POST, "/auth/client_token");
    let good = json!({ "scope": "docs_api", "content": "x" });
    let cases = [
        (call().header("x-hash", "00").json(&good), "x-key"),
        (call().header("x-key", "PK").json(&good), "x-hash"),
        (call().header("x-key", "PK").header("x-hash", "").json(&good), "x-hash"),
        (call().header("x-key", "PK").header("x-hash", "00"), "content-type"),
        (
            call().header("x-key", "PK").header("x-key", "PK").header("x-hash", "00").json(&good),
            "x-key: is given twice",
        ),
        (
            call().header("x-key", "PK").header("x-hash", "00").header("x-hash", "01").json(&good),
            "x-hash: is given twice",
        ),
        (call().header("x-key", "PK").header("x-hash", "00").json(&json!({ "content": "x" })), "scope"),
        (
            call().header("x-key", "PK").header("x-hash", "00").json(&json!({ "scope": "else", "content": "x" })),
            "scope",
        ),
        (call().header("x-key", "PK").header("x-hash", "00").json(&json!({ "scope": "docs_api" })), "content"),
        (
            call().header("x-key", "PK").header("x-hash", "00").json(&json!({ "scope": "docs_api", "content": "" })),
            "content",
        ),
        (call().header("x-key", "PK").header("x-hash", "00").json(&json!({ "scope": 1, "content": "x" })), "scope"),
        (call().header("x-key", "PK").header("x-hash", "00").json(&json!([])), "body"),
        // As curl -d sends it: JSON that is said to be a form.
        (
            call()
                .header("x-key", "PK")
                .header("x-hash", "00")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(good.to_string()),
            "content-type: must be application/json",
        ),
    ];
    for (request, field) in cases {
        let answer = send(request).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(0)), "{answer:?}");
        assert!(text(&answer.body["message"]).starts_with(field), "{field}: {answer:?}");
    }
}

#[tokio::test]
async fn all_refusals_are_alike() {
    let server = Server::start().await;
    let (good, good_secret) = server.create("good").await;
    let (inactive, inactive_secret) = server.create("inactive").await;
    let (expired, expired_secret) = server.create("expired").await;
    let (deleted, deleted_secret) = server.create("deleted").await;
    server.patch(&inactive, json!({ "status": "inactive" })).await;
    server.database().execute("UPDATE keys SET expires_at = 1 WHERE id = ?1", [&expired]).unwrap();
    server.delete(&deleted).await;

    let wrong = format!("{}{}", &good_secret[..51], if good_secret.ends_with('x') { 'y' } else { 'x' });
    let pairs = [
        (&good, &wrong),
        (&inactive, &inactive_secret),
        (&expired, &expired_secret),
        (&deleted, &deleted_secret),
        (&"PK000000000000000000".to_owned(), &good_secret),
        (&"x".repeat(5000), &good_secret),
    ];
    for (id, secret) in pairs {
        let answer = server.exchange(id, secret).await;
        let uniform = json!({ "success": false, "message": "Key verification failed", "code": 1000, "status": 401 });
        assert_eq!((answer.status, answer.body), (401, uniform), "{id}");
    }
    for hash in ["nonsense", "00", &"f".repeat(64)] {
        let plain = server.anyone(Method::POST, "/auth/client_token").header("x-key", &good).header("x-hash", hash);
        assert_eq!(send(plain.json(&json!({ "scope": "docs_api", "content": "x" }))).await.status, 401);
    }
}

#[tokio::test]
async fn an_id_beside_a_keys_own_opens_nothing_and_is_not_noted() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    for beside in [&id[..19], &format!("{id}0"), "A", "z", &id.to_lowercase()] {
        assert_eq!(server.exchange(beside, &secret).await.status, 401, "{beside}");
    }
    let server = Server::on(server.stop().await, latchkey::server::Role::Administrator).await;
    let events = server.get(&format!("/keys/{id}/events")).await.body["events"].as_array().unwrap().len();
    assert_eq!(events, 1, "it was created, and nothing else happened to it");
    let all: i64 = server.database().query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(all, 1);
}

/// The application behind a proxy might believe the other one.
#[tokio::test]
async fn two_tokens_in_one_request_are_refused() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let good = token(&server, &id, &secret).await;
    let bearer = format!("Bearer {good}");
    let asked = async |headers: &[(&str, &str)]| {
        let mut request = server.anyone(Method::GET, "/auth/verify");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request).await.status
    };
    assert_eq!(asked(&[("x-access-token", &good), ("x-api-token", &good)]).await, 204);
    assert_eq!(asked(&[("x-access-token", ""), ("x-api-token", &good)]).await, 204);
    assert_eq!(asked(&[("authorization", "Basic eDp5"), ("authorization", &bearer)]).await, 204);
    for other in ["x-access-token", "x-api-token"] {
        assert_eq!(asked(&[("x-access-token", &good), (other, "bad")]).await, 401, "{other}");
        assert_eq!(asked(&[(other, "bad"), ("x-access-token", &good)]).await, 401, "{other}");
    }
    assert_eq!(asked(&[("authorization", &bearer), ("authorization", "Bearer bad")]).await, 401);
}

#[tokio::test]
async fn a_token_dies_with_its_key_at_once() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let old = token(&server, &id, &secret).await;
    assert_eq!(server.verify(&old).await.status, 204);
    server.patch(&id, json!({ "status": "inactive" })).await;
    assert!(revoked(&server.verify(&old).await));
    server.patch(&id, json!({ "status": "active" })).await;
    assert!(revoked(&server.verify(&old).await), "switching on again does not bring it back");
    let new = token(&server, &id, &secret).await;
    assert_eq!(server.verify(&new).await.status, 204);
    server.delete(&id).await;
    assert!(revoked(&server.verify(&new).await));
    assert_eq!(server.exchange(&id, &secret).await.status, 401);
}

#[tokio::test]
async fn a_token_does_not_outlive_its_key() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let end = chrono::Utc::now() + chrono::TimeDelta::seconds(90);
    server.patch(&id, json!({ "expires_at": end.to_rfc3339() })).await;
    let granted = server.exchange(&id, &secret).await;
    assert_eq!(granted.body["expiry_time"], end.timestamp());
    let access = text(&granted.body["access_token"]);
    server.database().execute("UPDATE keys SET expires_at = 1 WHERE id = ?1", [&id]).unwrap();
    assert!(revoked(&server.verify(&access).await));
}

#[tokio::test]
async fn tokens_that_are_none() {
    let server = Server::start().await;
    let missing = send(server.anyone(Method::GET, "/auth/verify")).await;
    assert!(revoked(&missing));
    for nonsense in ["x", "a.b.c", "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30."] {
        assert!(revoked(&server.verify(nonsense).await), "{nonsense}");
    }
}

#[tokio::test]
async fn tokens_are_good_in_every_process_on_the_same_data() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let access = token(&server, &id, &secret).await;
    let restarted = Server::on(server.stop().await, latchkey::server::Role::Administrator).await;
    assert_eq!(restarted.verify(&access).await.status, 204);
}

#[tokio::test]
async fn use_is_written_down_and_shows_in_the_history() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    for _ in 0..3 {
        let access = token(&server, &id, &secret).await;
        server.verify(&access).await;
        server.exchange(&id, "wrong").await;
    }
    server.exchange("PK000000000000000000", "wrong").await;
    let server = Server::on(server.stop().await, latchkey::server::Role::Administrator).await;
    let key = &server.get(&format!("/keys/{id}")).await.body["key"];
    assert_eq!(key["last_used_from"], "local");
    assert!(key["last_used_at"].is_string());
    let history = server.get(&format!("/keys/{id}/events")).await;
    let events = history.body["events"].as_array().unwrap();
    let refusals = events.iter().filter(|event| event["kind"] == "refused");
    let refusals: Vec<u64> = refusals.map(|event| event["count"].as_u64().unwrap()).collect();
    assert!(refusals.len() <= 2 && refusals.iter().sum::<u64>() == 3, "one row for each minute: {events:?}");
    let mut lines: Vec<_> = events.iter().map(|event| (text(&event["kind"]), event["detail"].clone())).collect();
    lines.dedup(); // the minute may have ended meanwhile
    assert_eq!(
        lines,
        [("refused".into(), json!("wrong hash")), ("used".into(), json!(null)), ("created".into(), json!(null))]
    );
    assert_eq!(events.last().unwrap()["by"], "jo");
}

/// Whoever knows an ID can add to its history: a row for a network and a minute, and no more than ten networks.
#[tokio::test]
async fn refusals_are_counted_and_not_told_one_by_one() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    for _ in 0..40 {
        assert_eq!(server.exchange(&id, "wrong").await.status, 401);
    }
    let server = Server::on(server.stop().await, latchkey::server::Role::Administrator).await;
    let history = server.get(&format!("/keys/{id}/events")).await;
    let events = history.body["events"].as_array().unwrap();
    let refused: Vec<_> = events.iter().filter(|event| event["kind"] == "refused").collect();
    assert!(refused.len() <= 2, "the minute may have ended meanwhile: {refused:?}");
    let counts: Vec<u64> = refused.iter().map(|event| event["count"].as_u64().unwrap()).collect();
    assert_eq!(counts.iter().sum::<u64>(), 40);
    assert!(refused.iter().all(|event| event["from"] == "local" || event["from"] == "127.0.0.1"), "{refused:?}");
}

#[tokio::test]
async fn old_uses_are_forgotten_when_a_server_starts() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    assert_eq!(server.exchange(&id, &secret).await.status, 200);
    let folder = server.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    let year = chrono::TimeDelta::days(365).num_milliseconds();
    database.execute("UPDATE events SET at = at - ?1", [year]).unwrap();
    let server = Server::on(folder, latchkey::server::Role::Administrator).await;
    let kinds = async || {
        let history = server.get(&format!("/keys/{id}/events")).await;
        let kinds = history.body["events"].as_array().unwrap().iter().map(|event| text(&event["kind"]));
        kinds.collect::<Vec<_>>()
    };
    // It looks for them after a minute.
    let mut changes = Changes::of(server.folder.path());
    while kinds().await.len() > 1 {
        changes.next().await;
        // Until what is being written is committed.
        database.execute_batch("BEGIN IMMEDIATE; COMMIT").unwrap();
    }
    assert_eq!(kinds().await, ["created"], "what an administrator did stays");
}
