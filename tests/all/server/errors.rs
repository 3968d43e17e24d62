//! What is refused before any call sees it.

use latchkey::server::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::server::{Server, folder, send, text};

#[tokio::test]
async fn only_who_is_signed_in() {
    let server = Server::start().await;
    let calls = [
        (Method::GET, "/keys"),
        (Method::POST, "/keys"),
        (Method::GET, "/keys/PK1"),
        (Method::PATCH, "/keys/PK1"),
        (Method::DELETE, "/keys/PK1"),
        (Method::GET, "/keys/PK1/events"),
        (Method::DELETE, "/auth/session"),
    ];
    for (method, path) in calls {
        for header in [None, Some("Bearer wrong"), Some("Basic c2Vzc2lvbg=="), Some("Bearer"), Some("Bearer ")] {
            let request = server.anyone(method.clone(), path);
            let answer =
                send(header.map_or(request.try_clone().unwrap(), |h| request.header("authorization", h))).await;
            assert_eq!((answer.status, &answer.body["code"]), (401, &json!(1006)), "{method} {path} {header:?}");
            assert_eq!(answer.body["message"], "Invalid token: sign in again");
        }
    }
}

#[tokio::test]
async fn an_auditor_may_only_look() {
    let server = Server::on(folder(), Role::Auditor).await;
    assert_eq!(server.get("/keys").await.status, 200);
    assert_eq!(server.get("/keys/PK1").await.status, 404);
    for answer in [server.post("x", json!({})).await, server.patch("PK1", json!({})).await, server.delete("PK1").await]
    {
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!(0)));
    }
}

#[tokio::test]
async fn paths_and_methods() {
    let server = Server::start().await;
    for path in ["", "/nothing", "/keys/PK1/secrets", "/auth/sessions"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    for (method, path) in [(Method::PUT, "/keys"), (Method::DELETE, "/health"), (Method::GET, "/auth/client_token")] {
        let answer = send(server.call(method, path)).await;
        assert_eq!((answer.status, &answer.body["code"]), (405, &json!(3000)));
        assert_eq!(answer.body["message"], "Method not allowed");
    }
    let health = send(server.anyone(Method::GET, "/health")).await;
    assert_eq!((health.status, &health.body["version"]), (200, &json!(env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn bodies_that_are_no_bodies() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    let large = "x".repeat(64 * 1024 + 1);
    let calls = [
        server.call(Method::POST, "/keys").header("Idempotency-Key", "a"),
        server.call(Method::PATCH, &format!("/keys/{id}")),
        server.anyone(Method::POST, "/auth/client_token").header("x-key", &id).header("x-hash", "00"),
    ];
    for call in calls {
        let send_body = |kind: Option<&'static str>, body: &str| {
            let call = call.try_clone().unwrap().body(body.to_owned());
            send(kind.map_or(call.try_clone().unwrap(), |kind| call.header("content-type", kind)))
        };
        for (kind, body, status) in [
            (None, "{}", 400),
            (Some("text/plain"), "{}", 400),
            (Some("application/json"), "{", 400),
            (Some("application/json"), "", 400),
            (Some("application/json"), "[]", 400),
            (Some("application/json"), "{} {}", 400),
            (Some("application/json"), "\u{0}", 400),
            (Some("application/json"), large.as_str(), 413),
        ] {
            assert_eq!(send_body(kind, body).await.status, status, "{kind:?}");
        }
    }
    let twice = r#"{ "label": "seen", "label": "stored" }"#;
    let call = server.call(Method::PATCH, &format!("/keys/{id}")).header("content-type", "application/json");
    let answer = send(call.body(twice)).await;
    assert_eq!((answer.status, &answer.body["message"]), (400, &json!("label: is given twice")));
    let call = server.anyone(Method::POST, "/auth/client_token").header("x-key", &id).header("x-hash", "00");
    let form = call.header("content-type", "application/x-www-form-urlencoded").body(large);
    assert_eq!(send(form).await.status, 413);
}

#[tokio::test]
async fn queries_that_are_none() {
    let server = Server::start().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("sort=colour", "sort"),
        ("order=up", "order"),
        ("status=gone", "status"),
        ("total=maybe", "total"),
        ("cursor=x", "cursor"),
        ("stauts=active", "stauts"),
        ("q=a&q=b", "q"),
        ("q=%FF%FE&limit=10", "query: is not UTF-8"),
    ] {
        let answer = server.get(&format!("/keys?{query}")).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(0)), "{query}");
        assert!(text(&answer.body["message"]).starts_with(field), "{query}: {answer:?}");
    }
    let long = "x".repeat(201);
    assert_eq!(server.get(&format!("/keys?q={long}")).await.status, 400);
}
